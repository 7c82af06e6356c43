"""The clock thread: leases run out, verdicts fall due, deadlines pass, covers are read anew.

What nobody needs any more is removed.
"""

from __future__ import annotations

import logging
import threading
import time

from gridle.market.protocol.errors import UnavailableError
from gridle.market.service.errors import is_disk_full, storage_full
from gridle.market.service.usecases import checkpoints, ending, judging
from gridle.market.service.usecases.cover import refresh_covers
from gridle.market.service.usecases.market import Market

_log = logging.getLogger(__name__)

_LONGEST_TICK_S = 1.0
_COVER_EVERY_S = 20.0


class Clockwork:
    """Looks a few times in each lease whether something is due."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._ended = threading.Event()
        self._tick_s = min(_LONGEST_TICK_S, market.settings.lease_s / 10)
        self._cover_every_s = _COVER_EVERY_S
        self._covers_due_at = 0.0
        self._was_down = False
        self._thread = threading.Thread(target=self._run, name="clockwork", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """End."""
        self._ended.set()
        self._thread.join(timeout_s)

    def tick(self) -> None:
        """Do what is due."""
        judging.judge_silence(self._market)
        ending.end_leases(self._market)
        ending.end_jobs(self._market)
        checkpoints.remove_unnamed(self._market)
        if time.monotonic() >= self._covers_due_at:
            self._covers_due_at = time.monotonic() + self._cover_every_s
            self._refresh()

    def _run(self) -> None:
        while not self._ended.wait(self._tick_s):
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001 - one bad row must not stop the clock for all others
                if is_disk_full(error):
                    _log.error("leases and deadlines wait: %s", storage_full().sentence.en)
                else:
                    _log.exception("the clockwork failed and goes on")

    def _refresh(self) -> None:
        try:
            refresh_covers(self._market)
        except UnavailableError as error:
            if not self._was_down:
                _log.warning("deposits cannot be checked now: %s", error.sentence.en)
            self._was_down = True
        else:
            self._was_down = False
