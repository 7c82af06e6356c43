"""Which tasks are live, read from a ledger that may belong to a running worker."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gridle.market.protocol.errors import CorruptStateError, GridleError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime, WasmRuntime
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.ledger.tasks import TaskRecord
from gridle.worker.traces import Live


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
            return _read(connection)
        finally:
            connection.close()
    except (sqlite3.Error, GridleError) as error:
        raise CorruptStateError(
            f"The ledger {path} cannot be read ({error}), so it is not known which tasks' files "
            "are still needed; start the worker, which sets a damaged ledger aside.",
            f"无法读取账本 {path}（{error}），因此无法判断哪些任务文件仍需保留；"
            "请启动工作端，它会将损坏的账本另存。",
        ) from error


def _read(connection: sqlite3.Connection) -> Live:
    ledger = Ledger(connection)
    records = ledger.tasks.live()
    leases = {record.lease.lease_id for record in records} | set(ledger.outbox.leases())
    blobs = frozenset(sha256 for record in records for sha256 in _named(record))
    return Live(frozenset(leases), blobs, ledger.tasks.count_ended())


def _named(record: TaskRecord) -> set[Sha256]:
    named = {file.sha256 for file in record.manifest.inputs}
    named.add(record.lease.order.order.manifest_sha256)
    if record.lease.checkpoint is not None:
        named.add(record.lease.checkpoint.sha256)
    match record.manifest.runtime:
        case WasmRuntime(module_sha256=sha256):
            named.add(sha256)
        case ContainerRuntime(archive_sha256=str(sha256)):
            named.add(sha256)
    return named
