"""The database file: opened, checked, brought to the newest schema; one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from gridle.market.protocol.errors import CorruptStateError

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_TIMEOUT_S = 30.0


class Database:
    """One SQLite file in WAL mode; `write` is one transaction, and there is one at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, making it where there is none.

        Raises:
            CorruptStateError: the file is damaged; it is left as it is.
        """
        self._engine = _engine(path)
        self._writing = threading.Lock()
        try:
            _check(self._engine)
            _migrate(self._engine)
        except DatabaseError as error:
            self._engine.dispose()
            raise _corrupt(path) from error
        except CorruptStateError:
            self._engine.dispose()
            raise _corrupt(path) from None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: all of it is on disk after the block, or nothing."""
        with self._writing, self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        # Transactions are begun by hand above: the driver's own begin too late to be IMMEDIATE.
        isolation_level="AUTOCOMMIT",
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _check(engine: Engine) -> None:
    with engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA quick_check").scalar() != "ok":
            raise CorruptStateError("", "")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql("COMMIT")


def _corrupt(path: Path) -> CorruptStateError:
    return CorruptStateError(
        f"The market's database {path} is damaged and was left as it is; restore it from a "
        "backup, or move it away to start anew.",
        f"市场数据库 {path} 已损坏，未作任何改动；请从备份恢复，或将其移走后重新开始。",
    )
