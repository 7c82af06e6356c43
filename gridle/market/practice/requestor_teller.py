"""What the sample requestor tells on standard error: each trouble once, until it is over."""

from __future__ import annotations

import sys
import threading

from gridle.market.protocol.errors import GridleError, UnavailableError


class Teller:
    """Safe to be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, bool] = {}

    def trouble(self, error: GridleError) -> None:
        """Tell why something does not go on, unless it was told and is not over yet."""
        key = error.sentence.en
        with self._lock:
            if key in self._told:
                return
            self._told[key] = isinstance(error, UnavailableError)
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()

    def works_again(self) -> None:
        """Forget what could pass by itself: if it comes back, it is news."""
        with self._lock:
            self._told = {key: passes for key, passes in self._told.items() if not passes}
