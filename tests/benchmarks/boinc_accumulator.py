"""A busy process under BOINC's rule for "use at most N % of CPU time", as a peer.

BOINC's client decides once a second whether all tasks run for that second: it adds the limit to
an accumulator, and where that has reached one, takes one off and lets them run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PEER = "a process under BOINC's one-second accumulator"
TICK_S = 1.0


@dataclass(frozen=True)
class Accumulator:
    """What was not yet used of the limit, in seconds."""

    saved: float = 0.0

    def tick(self, limit: float) -> tuple[bool, Accumulator]:
        """Return whether tasks run in the next second; `limit` is 1.0 for always."""
        saved = self.saved + limit
        return (True, Accumulator(saved - 1.0)) if saved >= 1.0 else (False, Accumulator(saved))


@contextmanager
def boinc_task(limit: float, core_ids: Iterable[int], niceness: int = 0) -> Iterator[int]:
    """Keep a core busy under the rule until the end of the block; gives the process id."""
    spin = subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"])
    over = threading.Event()
    turns = threading.Thread(target=_take_turns, args=(spin.pid, limit, over), daemon=True)
    try:
        os.sched_setaffinity(spin.pid, core_ids)
        os.setpriority(os.PRIO_PROCESS, spin.pid, niceness)
        turns.start()
        yield spin.pid
    finally:
        over.set()
        if turns.is_alive():
            turns.join()
        spin.kill()
        spin.wait()


def _take_turns(pid: int, limit: float, over: threading.Event) -> None:
    accumulator = Accumulator()
    while not over.is_set():
        runs, accumulator = accumulator.tick(limit)
        os.kill(pid, signal.SIGCONT if runs else signal.SIGSTOP)
        over.wait(TICK_S)
