"""The ledger's one SQLite connection: durable, and plain about what went wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.ledger.schema import migrate

_BUSY_TIMEOUT_S = 5.0


class UnitsSum:
    """SQL aggregate: a sum of amounts that may pass 2^63, where SQLite's own gives up."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, units: int | None) -> None:
        """Take one row's amount."""
        self._sum += units or 0

    def finalize(self) -> str:
        """Return the sum as decimal text."""
        return str(self._sum)


def connect(path: Path) -> sqlite3.Connection:
    """Open (or make) the ledger at `path`, brought to the newest version.

    Money is in it, so every commit is on disk before it returns (synchronous = FULL).

    Raises:
        sqlite3.DatabaseError: the file is damaged, or not a ledger.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -512")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        _check(connection)
        migrate(connection)
        connection.create_aggregate("units_sum", 1, UnitsSum)  # type: ignore[arg-type] # the stubs want int results alone; SQLite takes text
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("quick_check failed")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one write transaction: all of it holds, or none.

    Raises:
        UnavailableError: the disk is full or the file cannot be written; nothing changed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.OperationalError as error:
        raise UnavailableError(
            f"The worker cannot write its ledger ({error}); free some disk space, and it goes on "
            "by itself.",
            f"工作端无法写入账本（{error}）；请释放一些磁盘空间，之后会自动继续。",
        ) from error
