"""The practice chain's disk: a key-value store in one SQLite file.

All that one block writes is one transaction, on disk (fsync) before anybody is told of the
block; after a power cut or SIGKILL the file holds a whole number of blocks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth.db.backends.base import BaseDB

from gridle.market.protocol.errors import CorruptStateError, RefusedError

SCHEMA_VERSION = 1


class ChainStore(BaseDB):
    """A mapping of bytes to bytes that py-evm can keep its chain in.

    Reading is allowed at any time, writing only within `block()`. One process at a time.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the store.

        Raises:
            RefusedError: another process has it open.
            CorruptStateError: the file is damaged; it is left as it is.
        """
        self._path = path
        try:
            self._connection = self._open()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise self.damaged() from error
            raise RefusedError(
                f"Another practice chain is already running on {path.parent}; stop it first, "
                "or use another folder.",
                f"另一个练习链正在使用 {path.parent}；请先停止它，或换用其他文件夹。",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self.damaged() from error

    def _open(self) -> sqlite3.Connection:
        # The door's threads take turns under one lock, so sharing a connection is safe.
        connection = sqlite3.connect(
            self._path, timeout=1.0, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def damaged(self) -> CorruptStateError:
        """Return the error for a store that cannot be made sense of."""
        return CorruptStateError(
            f"The practice chain's file {self._path} is damaged and was left as it is; restore "
            "it from a backup, or move it away to start a new chain with new play money.",
            f"练习链文件 {self._path} 已损坏，已原样保留；请从备份恢复，或移走它以启用新链。",
        )

    @contextmanager
    def block(self) -> Iterator[None]:
        """Make all that is written inside one transaction: wholly on disk, or not at all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def is_empty(self) -> bool:
        """Tell whether nothing was ever written."""
        return self._connection.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __getitem__(self, key: bytes) -> bytes:
        row = self._connection.execute("SELECT value FROM entry WHERE key=?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        if not self._connection.execute("DELETE FROM entry WHERE key=?", (key,)).rowcount:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        row = self._connection.execute("SELECT 1 FROM entry WHERE key=?", (key,)).fetchone()
        return row is not None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    # Looked at before anything is written, so that a damaged file stays as it is.
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if verdict != "ok" or version not in (0, SCHEMA_VERSION):
        raise sqlite3.DatabaseError(verdict)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN IMMEDIATE")
    if version == 0:
        connection.execute(
            "CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        )
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")
