"""States of unfinished tasks, kept for whoever goes on: which are taken, and when they go."""

from __future__ import annotations

from sqlalchemy import Connection

from gridle.market.protocol.manifest import checkpoint_blob_max_bytes
from gridle.market.protocol.messages import CheckpointRef
from gridle.market.protocol.sentence import Sentence
from gridle.market.service.domain.job import Job
from gridle.market.service.store import blob_rows
from gridle.market.service.usecases.market import Market

KEPT_S = 600.0
"""How long a blob that was sent as a checkpoint stays while nothing names it: as long as its
sender may need to name it as something else, such as an input."""
NEVER_NAMED_KEPT_S = 86_400.0
"""How long any other blob stays that nobody names: a job's data is sent before its order."""
_BATCH = 100
"""Files are removed inside a write transaction, so not too many at once."""


def objection(connection: Connection, job: Job, untrusted: CheckpointRef) -> Sentence | None:
    """Return why a reported checkpoint is not taken, or None where it is."""
    if not job.checkpoint_max_bytes:
        return Sentence(
            "This job's tasks save no state, so the checkpoint was left aside; the task begins "
            "anew.",
            "此任务不保存状态，检查点未被采用；任务将从头开始。",
        )
    size_bytes = blob_rows.size_bytes(connection, untrusted.sha256)
    if size_bytes is None:
        return Sentence(
            "The checkpoint was not uploaded, so the task goes on from an earlier one or begins "
            "anew; upload a checkpoint before reporting it.",
            "检查点尚未上传，任务将从更早的检查点继续或从头开始；请先上传再报告。",
        )
    if size_bytes != untrusted.size_bytes:
        return Sentence(
            f"The checkpoint has {size_bytes} bytes, not the {untrusted.size_bytes} that were "
            "reported, so it was left aside.",
            f"检查点为 {size_bytes} 字节，而非所报告的 {untrusted.size_bytes} 字节，未被采用。",
        )
    if size_bytes > checkpoint_blob_max_bytes(job.checkpoint_max_bytes):
        return Sentence(
            f"The checkpoint is larger than the {job.checkpoint_max_bytes} bytes that this job "
            "allows, so it was left aside.",
            f"检查点超过此任务允许的 {job.checkpoint_max_bytes} 字节，未被采用。",
        )
    return None


def remove_unnamed(market: Market) -> None:
    """Remove the blobs of checkpoints that were superseded, refused, or outlived their tasks.

    And those of which nobody ever said what they are for, a day later.
    """
    now = market.now()
    until, never_named_until = now - KEPT_S, now - NEVER_NAMED_KEPT_S
    with market.database.read() as connection:
        if not blob_rows.unnamed(connection, until, never_named_until, 1):
            return
    with market.database.write() as connection:
        gone = blob_rows.unnamed(connection, until, never_named_until, _BATCH)
        blob_rows.remove(connection, gone)
        # Inside the transaction: once the row is gone, the same bytes may be on their way in
        # again. Where it is broken off here, the row stays and is removed at the next look.
        for sha256 in gone:
            market.blobs.remove(sha256)
