"""One fence with the hostile program made ready for it, and what an attack in it came to."""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gridle.market.protocol.manifest import CheckpointRule, MiB, Resources, Runtime
from gridle.worker.sandbox.port import Outcome, RunningTask, Sandbox, Share, TaskSpec

END_TIMEOUT_S = 90.0  # a busy machine has little left for tasks
SMALL = Resources(
    reference_s=1.0,
    memory_bytes=64 * MiB,
    scratch_bytes=MiB,
    output_max_bytes=2 * MiB,
    output_max_files=8,
    wall_limit_s=60.0,
)
_ECHO = "HELD ", "BREACH "


@dataclass(frozen=True)
class Attack:
    """A hostile task that runs."""

    task: RunningTask
    folder: Path
    outcomes: queue.Queue[Outcome]

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def outcome(self) -> Outcome:
        return self.outcomes.get(timeout=END_TIMEOUT_S)

    def await_file(self, name: str) -> Path:
        """Wait until the task has made a file in out/."""
        path = self.out / name
        deadline_s = time.monotonic() + END_TIMEOUT_S
        while not path.exists():
            assert self.outcomes.empty(), self.outcomes.get()
            assert time.monotonic() < deadline_s, f"the task made no {name}"
            time.sleep(0.005)
        return path


@dataclass(frozen=True)
class Fence:
    """A sandbox with the program's runtime; `name` is as in the cases' tables."""

    name: str
    sandbox: Sandbox
    runtime: Runtime
    folder: Path

    def start(
        self,
        *arguments: str,
        resources: Resources = SMALL,
        cpu_percent: float = 100.0,
        checkpoint: CheckpointRule | None = None,
        runtime: Runtime | None = None,
        inputs: dict[str, str] | None = None,
    ) -> Attack:
        name = f"e{secrets.token_hex(4)}"
        folder = self.folder / name
        for each in ("in", "out", *(["checkpoint"] if checkpoint else [])):
            (folder / each).mkdir(parents=True)
        (folder / "in" / "data.txt").write_text("forty-two")
        for file, text in (inputs or {}).items():
            (folder / "in" / file).write_text(text)
        spec = TaskSpec(
            name,
            runtime or self.runtime,
            arguments,
            resources,
            folder,
            checkpoint=checkpoint,
            isolation="gvisor" if self.name == "gvisor" else "any",
        )
        outcomes: queue.Queue[Outcome] = queue.Queue()
        task = self.sandbox.start(spec, Share(cpu_percent), outcomes.put)
        return Attack(task, folder, outcomes)


class Neighbour:
    """Another task, beside every attack: it must go on, whatever happens."""

    def __init__(self, fence: Fence) -> None:
        self._attack = fence.start(
            "neighbour", resources=msgspec.structs.replace(SMALL, wall_limit_s=3600.0)
        )
        self._beat = self._attack.await_file("beat")

    @property
    def folder(self) -> Path:
        return self._attack.folder

    def beats(self) -> int:
        return int(self._beat.read_text() or "0")

    def goes_on(self) -> bool:
        """Whether it beats again, in a while that is generous to a busy machine."""
        before = self.beats()
        return eventually(lambda: self._attack.outcomes.empty() and self.beats() > before)

    def end(self) -> None:
        self._attack.task.stop()
        self._attack.outcome()


def eventually(holds: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Wait for a condition; whether it came to hold."""
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.005)
    return True


def judgements(log: str) -> list[tuple[str, str, str]]:
    """Return what the program said: verdict, what, and the error's words."""
    found = []
    for line in log.splitlines():
        verdict, _, rest = line.partition(" ")
        if f"{verdict} " in _ECHO:
            what, _, error = rest.rpartition(": ") if verdict == "HELD" else (rest, "", "")
            found.append((verdict, what, error))
    return found
