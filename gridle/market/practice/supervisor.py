"""Keeps the practice's processes alive: whatever dies is started again, all end together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gridle.market.practice.child import Child, ChildPlan, last_words
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.sentence import Sentence

MAX_RESTARTS = 5
RESTART_WINDOW_S = 60.0


@dataclass
class _Kept:
    child: Child
    restarted_at: tuple[float, ...] = ()


class Supervisor:
    """Owns child processes. `say` hears, in one sentence, of each death and each return."""

    def __init__(self, say: Callable[[Sentence], None]) -> None:
        self._say = say
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self.given_up = threading.Event()
        """Set when a child died so often that starting it again makes no sense."""

    def start(
        self, plan: ChildPlan, again: Callable[[dict[str, object]], ChildPlan] | None = None
    ) -> dict[str, object]:
        """Start a child, wait until it is ready and return what it announced.

        Args:
            plan: how to start it.
            again: how to start it again, from what it announced (with its port pinned, say).

        Raises:
            UnavailableError: it did not start.
        """
        child = Child(plan)
        with self._lock:
            self._kept[plan.name] = _Kept(child)
        facts = child.wait_ready()
        next_plan = again(facts) if again else plan
        threading.Thread(
            target=self._keep, args=(next_plan,), name=f"keep-{plan.name}", daemon=True
        ).start()
        return facts

    def pid(self, name: str) -> int:
        """Return the process id of a child, as it is now."""
        with self._lock:
            return self._kept[name].child.pid

    def end(self, name: str) -> None:
        """End one child for good."""
        with self._lock:
            kept = self._kept.pop(name, None)
        if kept:
            kept.child.end()

    def end_all(self) -> None:
        """End every child, the newest first, and wait for each."""
        self._ending.set()
        with self._lock:
            names = list(reversed(self._kept))
        for name in names:
            self.end(name)

    def _keep(self, plan: ChildPlan) -> None:
        while True:
            with self._lock:
                kept = self._kept.get(plan.name)
            if kept is None:
                return
            status = kept.child.wait()
            if self._ending.is_set() or not self._restart(plan, status):
                return

    def _restart(self, plan: ChildPlan, status: int) -> bool:
        """Start a dead child again; False if it was ended on purpose or dies too often."""
        with self._lock:
            kept = self._kept.get(plan.name)
            if kept is None or self._ending.is_set():
                return False
            now = time.monotonic()
            recent = (*(t for t in kept.restarted_at if now - t < RESTART_WINDOW_S), now)
            if len(recent) > MAX_RESTARTS:
                self._give_up(plan)
                return False
            self._say(
                Sentence(
                    f"The {plan.name} ended unexpectedly (status {status}); starting it again.",
                    f"{plan.name} 意外结束（状态 {status}）；正在重新启动。",
                )
            )
            kept.child.end()
            child = Child(plan)
            self._kept[plan.name] = _Kept(child, recent)
        try:
            child.wait_ready()
        except GridleError as error:
            self._say(error.sentence)
        return True

    def _give_up(self, plan: ChildPlan) -> None:
        words = last_words(plan.log)
        self._say(
            Sentence(
                f"The {plan.name} ended {MAX_RESTARTS} times within a minute: {words}",
                f"{plan.name} 在一分钟内结束了 {MAX_RESTARTS} 次：{words}",
            )
        )
        self.given_up.set()
