"""One child process of the practice: started, known to be ready, restarted, ended with us."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from gridle.lifeline import OPTION
from gridle.market.protocol.errors import UnavailableError

READY_TIMEOUT_S = 60.0
END_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class ChildPlan:
    """How to start a child: `arguments` follow `python`, `environment` is whole."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path


class Child:
    """A running child. Its standard input is its lifeline, its first output line says ready."""

    def __init__(self, plan: ChildPlan) -> None:
        self.plan = plan
        plan.log.parent.mkdir(parents=True, exist_ok=True)
        with plan.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *plan.arguments, OPTION],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(plan.environment),
                start_new_session=True,
            )
        self._first_line: Queue[bytes] = Queue()
        self._reader = threading.Thread(target=self._read, name=f"{plan.name}-output", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        output = self._process.stdout
        if output is None:
            return
        with output:
            self._first_line.put(output.readline())
            while output.read(4096):
                pass

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> dict[str, object]:
        """Return the facts the child announced.

        Raises:
            UnavailableError: it ended or did not announce itself in time; its last words tell why.
        """
        try:
            line = self._first_line.get(timeout=timeout_s)
            facts = json.loads(line)
        except (Empty, ValueError) as error:
            self.end()
            words = last_words(self.plan.log)
            raise UnavailableError(
                f"The practice's {self.plan.name} did not start: {words}",
                f"练习环境的 {self.plan.name} 未能启动：{words}",
            ) from error
        return dict(facts)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end and return its exit status."""
        return self._process.wait()

    def end(self, timeout_s: float = END_TIMEOUT_S) -> None:
        """Close its lifeline and wait; one that does not end by itself in time is killed."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout_s)


def last_words(log: Path) -> str:
    """Return the last line of a child's log, for a person."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("gridle: ")[-300:] if lines else "it said nothing / 没有任何输出"
