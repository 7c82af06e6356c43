"""What the sample requestor tells on standard error: each trouble once, until it is over."""

from __future__ import annotations

import threading
from typing import TextIO

from gridle.market.protocol.errors import GridleError


class Teller:
    """Safe to be used from any thread."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._outages: set[str] = set()

    def trouble(self, error: GridleError) -> None:
        """Tell what somebody has to put right, once."""
        self._tell(error, self._told)

    def outage(self, error: GridleError) -> None:
        """Tell that market or chain do not answer, once until they do."""
        self._tell(error, self._outages)

    def works_again(self) -> None:
        """Forget the outages: if one comes back, it is news."""
        with self._lock:
            self._outages.clear()

    def _tell(self, error: GridleError, told: set[str]) -> None:
        with self._lock:
            if error.sentence.en not in told:
                told.add(error.sentence.en)
                self._out.write(f"{error}\n")
                self._out.flush()
