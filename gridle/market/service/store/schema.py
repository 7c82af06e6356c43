"""The tables. Amounts are integers in base units, times are Unix seconds; ids are as on the wire.

This mirrors the newest migration; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

nodes = Table(
    "nodes",
    metadata,
    Column("node", Text, primary_key=True),
    Column("payout_address", Text, nullable=False),
    Column("enrolled_at", Float, nullable=False),
    Column("payout_changed_at", Integer, nullable=False, server_default="0"),
    # The X25519 key that data keys are wrapped to, and the node's signature over it.
    Column("sealing_key", Text),
    Column("sealing_signature", Text),
)

requestors = Table(
    "requestors",
    metadata,
    Column("client_key", Text, primary_key=True),
    Column("payer", Text, primary_key=True),
    Column("enrolled_at", Float, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("owner_key", Text, nullable=False, index=True),
    Column("stored_at", Float, nullable=False),
    # A job or a result names it: it stays.
    Column("pinned", Boolean, nullable=False, server_default=text("0")),
    # When it was last sent or reported as a checkpoint by its owner; what no task names any
    # longer goes some time after that. NULL: it never was one.
    Column("checkpoint_at", Float, index=True),
)

payers = Table(
    "payers",
    metadata,
    Column("payer", Text, primary_key=True),
    Column("balance_units", BigInteger, nullable=False),
    Column("cap_units", BigInteger, nullable=False),
    Column("spent_units", BigInteger, nullable=False),
    Column("expiry", BigInteger, nullable=False),
    Column("exit_at", Float),
    Column("exit_delay_s", Float, nullable=False),
    Column("read_at", Float, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("payer", Text, nullable=False, index=True),
    Column("client_key", Text, nullable=False, index=True),
    Column("order_digest", Text, nullable=False, unique=True),
    Column("order_json", Text, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("runtime", Text, nullable=False),
    Column("price_units", BigInteger, nullable=False),
    Column("task_count", Integer, nullable=False),
    Column("reference_s", Float, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("cores", Integer, nullable=False),
    Column("output_max_bytes", BigInteger, nullable=False),
    Column("output_max_files", Integer, nullable=False),
    Column("verdict_timeout_s", Float, nullable=False),
    Column("gpus", Integer, nullable=False, server_default="0"),
    Column("gpu_memory_bytes", BigInteger, nullable=False, server_default="0"),
    Column("isolation", Text, nullable=False, server_default="any"),
    Column("needs_network", Boolean, nullable=False, server_default=text("0")),
    Column("data_class", Text, nullable=False, server_default="public"),
    Column("checkpoint_max_bytes", BigInteger, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("served", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("deadline_at", Float, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("job_id", Text, ForeignKey("jobs.job_id"), nullable=False),
    Column("task_index", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("lease_id", Text),
    Column("node", Text),
    Column("payee", Text),
    Column("result_sha256", Text),
    Column("usage_json", Text),
    Column("failure", Text),
    Column("failed_node", Text),
    Column("failed_at", Float),
    Column("cumulative_units", BigInteger),
    # Where the last attempt came to; a failed attempt that began there clears it.
    Column("checkpoint_sha256", Text, index=True),
    Column("checkpoint_bytes", BigInteger),
    Column("checkpoint_cpu_s", Float),
    Index("tasks_by_job", "job_id", "state", "task_index"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("lease_id", Text, primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.task_id"), nullable=False, index=True),
    Column("node", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("leased_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("commitment_sha256", Text),
    Column("result_sha256", Text),
    Column("verdict_due_at", Float),
    Column("from_checkpoint_sha256", Text),
    # Never two attempts of a task at once, whatever the program above believes.
    Index(
        "one_open_attempt",
        "task_id",
        unique=True,
        sqlite_where=text("state IN ('leased', 'committed', 'revealed')"),
    ),
    Index("attempts_by_state", "state"),
)

lease_keys = Table(
    "lease_keys",
    metadata,
    Column("lease_id", Text, ForeignKey("attempts.lease_id"), primary_key=True),
    # The data keys of one sealed task, wrapped to its node: nobody here can open them.
    Column("wrapped", Text, nullable=False),
    Column("stored_at", Float, nullable=False),
)

pairs = Table(
    "pairs",
    metadata,
    Column("payer", Text, primary_key=True),
    Column("payee", Text, primary_key=True),
    Column("cumulative_units", BigInteger, nullable=False),
    Column("claimed_units", BigInteger, nullable=False),
    Column("signature", Text),
)

awards = Table(
    "awards",
    metadata,
    # The primary key is why no task is ever paid twice.
    Column("task_id", Text, ForeignKey("tasks.task_id"), primary_key=True),
    Column("lease_id", Text, nullable=False, unique=True),
    Column("node", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("payee", Text, nullable=False),
    Column("price_units", BigInteger, nullable=False),
    Column("cumulative_units", BigInteger, nullable=False),
    Column("awarded_at", Float, nullable=False),
    Index("awards_by_pair", "payer", "payee"),
)

settlements = Table(
    "settlements",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("node", Text, nullable=False),
    # What the event is about; unique, so that it is told exactly once to each node.
    Column("subject", Text, nullable=False),
    Column("body_json", Text, nullable=False),
    UniqueConstraint("node", "subject"),
    Index("settlements_by_node", "node", "seq"),
    sqlite_autoincrement=True,
)
