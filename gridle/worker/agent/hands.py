"""Hands: a few daemon threads that do what blocks, so that the agent's own thread never does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], None]


class Hands:
    """Up to `count` threads, begun only when there is that much to do at once.

    Jobs report what came of them by themselves and raise nothing. Daemon threads: a download
    that hangs must not keep the worker from ending.
    """

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open = 0
        """Jobs that are queued or being done."""

    def do(self, job: Job) -> None:
        """Have `job` done soon, by some thread."""
        with self._lock:
            self._open += 1
            if self._open > len(self._threads) and len(self._threads) < self._count:
                thread = threading.Thread(
                    target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True
                )
                self._threads.append(thread)
                thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            finally:
                with self._lock:
                    self._open -= 1

    def close(self, timeout_s: float) -> None:
        """End the threads that are free; wait up to `timeout_s` in all for the others."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout_s / len(self._threads))
