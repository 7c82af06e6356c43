"""Which tasks are live, read from a ledger that may belong to a running worker."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gridle.market.protocol.errors import CorruptStateError, GridleError
from gridle.market.protocol.ids import Sha256
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.traces import Live, data_blobs


def read_live(path: Path) -> Live:
    """Return what the ledger at `path` still needs; where there is none, nothing.

    Raises:
        CorruptStateError: it cannot be read.
    """
    if not path.exists():
        return Live()
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return live_of(Ledger(connection))
        finally:
            connection.close()
    except (sqlite3.Error, GridleError) as error:
        raise CorruptStateError(
            f"The ledger {path} cannot be read ({error}), so it is not known which tasks' files "
            "are still needed; start the worker, which sets a damaged ledger aside.",
            f"无法读取账本 {path}（{error}），因此无法判断哪些任务文件仍需保留；"
            "请启动工作端，它会将损坏的账本另存。",
        ) from error


def live_of(ledger: Ledger) -> Live:
    """Return what an open ledger still needs."""
    records = ledger.tasks.live()
    leases = {record.lease.lease_id for record in records} | set(ledger.outbox.leases())
    blobs = frozenset[Sha256]().union(
        *(data_blobs(record.lease, record.manifest) for record in records)
    )
    return Live(frozenset(leases), blobs, ledger.tasks.count_ended())
