"""One market a home: a lock that the system releases however the process ends, on every OS."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gridle.market.protocol.errors import RefusedError


class HomeLock:
    """Holds the home for this process. SQLite's file locks work alike on all systems."""

    def __init__(self, home: Path) -> None:
        """Take the lock.

        Raises:
            RefusedError: another market runs on this home.
        """
        self._connection = sqlite3.connect(
            home / "market.lock", timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise RefusedError(
                f"Another market already runs on {home}; end it, or choose another --home.",
                f"已有另一个市场在 {home} 上运行；请先结束它，或另选 --home。",
            ) from error

    def close(self) -> None:
        """Release the home."""
        self._connection.close()
