"""What jobs ask of a node's fences, sealed data, and checkpoints that travel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns, and the table of wrapped keys."""
    op.add_column("nodes", sa.Column("sealing_key", sa.Text()))
    op.add_column("nodes", sa.Column("sealing_signature", sa.Text()))
    for column in (
        sa.Column("gpus", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("gpu_memory_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("isolation", sa.Text(), nullable=False, server_default="any"),
        sa.Column("needs_network", sa.Boolean(), nullable=False, server_default=sa.text("0")),
        sa.Column("data_class", sa.Text(), nullable=False, server_default="public"),
        sa.Column("checkpoint_max_bytes", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    op.add_column("tasks", sa.Column("checkpoint_sha256", sa.Text()))
    op.add_column("tasks", sa.Column("checkpoint_bytes", sa.BigInteger()))
    op.add_column("tasks", sa.Column("checkpoint_cpu_s", sa.Float()))
    op.create_index(op.f("ix_tasks_checkpoint_sha256"), "tasks", ["checkpoint_sha256"])
    op.add_column("attempts", sa.Column("from_checkpoint_sha256", sa.Text()))
    op.add_column(
        "blobs", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("blobs", sa.Column("checkpoint_at", sa.Float()))
    op.create_index(op.f("ix_blobs_checkpoint_at"), "blobs", ["checkpoint_at"])
    # What was stored before may be named by a job; which is not written down anywhere.
    op.execute("UPDATE blobs SET pinned = 1")
    op.create_table(
        "lease_keys",
        sa.Column("lease_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["lease_id"], ["attempts.lease_id"]),
        sa.PrimaryKeyConstraint("lease_id"),
    )
