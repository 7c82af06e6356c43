"""A sandbox without processes: the contract's program, played by a generator in a thread.

Each `yield` of a program stands for `STEP_S` of CPU time; real time passes at the task's share.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

from gridle.market.protocol.manifest import Runtime, RuntimeKind
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.cores import own_cores, usable_cores
from gridle.worker.sandbox.log_tail import clean
from gridle.worker.sandbox.port import Availability, Ending, OnEnd, Outcome, Share, TaskSpec
from gridle.worker.sandbox.supervisor import Exit, SupervisedTask

STEP_S = 0.005
_TICK_S = 0.002
_END_TIMEOUT_S = 10.0
FINISHED = Exit(Ending.FINISHED)
STATE = struct.Struct("<8sQQd")
"""What the contract's C program saves: its mark, the steps done, its generator, its sum."""

Program = Generator[None, None, Exit]


def _failed(code: int, log: bytes = b"") -> Exit:
    return Exit(Ending.FAILED, explanations.exit_status(code), clean(log))


def _count(out: Path) -> Program:
    number = 0
    while True:
        number += 1
        with (out / "count.txt").open("a") as file:
            file.write(f"{number}\n")
        yield


def _sleep() -> Program:
    while True:
        yield


def _fill(out: Path) -> Program:
    while True:
        with (out / "part-0").open("ab") as file:
            file.write(bytes(2**18))
        yield


def _many(out: Path) -> Program:
    for number in range(100_000):
        (out / f"file-{number}").touch()
        yield
    return FINISHED


def _simulate(folder: Path, steps: int) -> Program:
    """Go on from `state`, whose first figures are those of the C program's."""
    place, step, digest = folder / "checkpoint", 0, 1
    if (place / "state").exists():
        state = (place / "state").read_bytes()
        if len(state) != STATE.size or not state.startswith(b"sim 1"):
            return _failed(40)
        _, step, digest, _ = STATE.unpack(state)
    while step < steps:
        with contextlib.suppress(FileNotFoundError):
            (place / "save").unlink()
            (place / "state.new").write_bytes(STATE.pack(b"sim 1", step, digest, 0.0))
            (place / "state.new").rename(place / "state")
        step, digest = step + 1, digest * 6364136223846793005 % 2**64 + 1
        yield
    (folder / "out" / "result.txt").write_text(f"{digest:x}\n")
    return FINISHED


def _tamper(folder: Path, how: str) -> Program:
    place = folder / "checkpoint"
    state, request = place / "state", place / "save"

    def linked() -> None:
        state.touch()
        (place / "state.new").hardlink_to(state)

    plays: dict[str, Callable[[], object]] = {
        "link": lambda: state.symlink_to("../in/data.txt"),
        "fifo": lambda: os.mkfifo(state),
        "folder": state.mkdir,
        "hard-link": linked,
        "huge": lambda: state.write_bytes(bytes(2**19)),
        "extra": (place / "notes").touch,
        "request-folder": request.mkdir,
        "request-link": lambda: request.symlink_to("../out/made"),
    }
    if how.startswith("request"):
        request.unlink(missing_ok=True)
    plays[how]()
    yield from _sleep()
    return FINISHED


def _one_step(do: Callable[[], object], end: Exit) -> Program:
    do()
    yield
    return end


def program(spec: TaskSpec) -> Program:
    """Return what the contract's C program does for these arguments."""
    out, given = spec.folder / "out", spec.folder / "in"
    what, words = spec.arguments[0], spec.arguments[1:]
    plays: dict[str, Callable[[], Program]] = {
        "count": lambda: _count(out),
        "sleep": _sleep,
        "fill": lambda: _fill(out),
        "many": lambda: _many(out),
        "simulate": lambda: _simulate(spec.folder, int(words[0])),
        "listen": lambda: _one_step(lambda: None, _failed(99)),
        "tamper": lambda: _tamper(spec.folder, words[0]),
        "echo": lambda: _one_step(
            lambda: (out / "words.txt").write_text("".join(f"{word}\n" for word in words)), FINISHED
        ),
        "exit": lambda: _one_step(lambda: None, _failed(int(words[0]))),
        "say": lambda: _one_step(
            lambda: None, _failed(7, b"first\nthe \x1b[31mlast\x1b[0m words\n")
        ),
        "copy": lambda: _one_step(
            lambda: (out / "copy.txt").write_bytes((given / "data.txt").read_bytes()), FINISHED
        ),
        "peek": lambda: _one_step(lambda: None, FINISHED),
        "environment": lambda: _one_step(lambda: None, _failed(1)),
        "allocate": lambda: _one_step(
            lambda: None, Exit(Ending.FAILED, explanations.OUT_OF_MEMORY)
        ),
        "link": lambda: _one_step(lambda: (out / "link").symlink_to("secret"), FINISHED),
        "folder": lambda: _one_step((out / "folder").mkdir, FINISHED),
        "flood": lambda: _one_step(lambda: None, Exit(Ending.FAILED, explanations.FLOODED)),
    }
    return plays[what]()


class FakeProcess:
    """Plays a program at a share of real time."""

    def __init__(self, spec: TaskSpec, share: Share) -> None:
        self._program = program(spec)
        self._sleeps = spec.arguments[0] == "sleep"
        self._share = share
        self._changed = threading.Condition()
        self._frozen = False
        self._killed = False
        self._cpu_s = 0.0
        self._exit: Exit | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._play, name=f"fake-{spec.name}", daemon=True).start()

    def throttle(self, share: Share) -> None:
        with self._changed:
            self._share = share

    def cores(self) -> frozenset[int]:
        return frozenset(usable_cores(self._share.core_ids, own_cores()))

    def used_percent(self) -> float:
        with self._changed:
            return 0.0 if self._frozen or self._ended.is_set() else self._share.cpu_percent

    def freeze(self) -> None:
        with self._changed:
            self._frozen = True

    def thaw(self) -> None:
        with self._changed:
            self._frozen = False
            self._changed.notify_all()

    def kill(self) -> None:
        with self._changed:
            self._killed = True
            self._changed.notify_all()

    def nudge(self) -> None:
        """It looks for a request at every step."""

    def wait(self, timeout_s: float) -> Exit | None:
        return self._exit if self._ended.wait(timeout_s) else None

    def cpu_s(self) -> float | None:
        return self._cpu_s

    def wants_cpu(self) -> bool:
        return not self._sleeps

    def peak_memory_bytes(self) -> int | None:
        return 2**20

    def process_ids(self) -> list[int]:
        return []

    def release(self) -> None:
        self._program.close()

    def _play(self) -> None:
        with self._changed:
            done_s, seen_s = 0.0, time.monotonic()
            while not self._killed and self._exit is None:
                was_frozen = self._frozen
                self._changed.wait(None if was_frozen else _TICK_S)
                now_s = time.monotonic()
                if not self._frozen and not was_frozen and not self._sleeps:
                    self._cpu_s += min(1.0, self._share.cpu_percent / 100) * (now_s - seen_s)
                seen_s = now_s
                while done_s + STEP_S <= self._cpu_s and self._exit is None and not self._frozen:
                    done_s += STEP_S
                    self._step()
            self._exit = self._exit or Exit(Ending.BROKEN, explanations.ENGINE_GONE)
            self._ended.set()

    def _step(self) -> None:
        try:
            next(self._program)
        except StopIteration as end:
            self._exit = end.value


class FakeSandbox:
    """Plays tasks; nothing to prepare, nothing to leave behind."""

    kind: RuntimeKind = "wasm"

    def __init__(self) -> None:
        self.prepared: list[Runtime] = []
        self.specs: list[TaskSpec] = []
        """Of every start, in order."""
        self._live: dict[SupervisedTask, FakeProcess] = {}

    def availability(self) -> Availability:
        return Availability(works=True, explanation=Sentence("A play.", "演示。"), version=os.name)

    def prepare(self, runtime: Runtime, fetch: Callable[[Runtime], Path]) -> None:
        del fetch
        self.prepared.append(runtime)

    def start(self, spec: TaskSpec, share: Share, on_end: OnEnd) -> SupervisedTask:
        def ended(outcome: Outcome) -> None:
            del self._live[task]
            on_end(outcome)

        self.specs.append(spec)
        process = FakeProcess(spec, share)
        task = SupervisedTask(spec, process, ended)
        self._live[task] = process
        task.begin(share)
        return task

    def cores(self) -> set[frozenset[int]]:
        return {process.cores() for process in self._live.values()}

    def used_percent(self) -> float:
        """Return what all tasks together may use now, in percent of one core."""
        return sum(process.used_percent() for process in list(self._live.values()))

    def sweep(self) -> int:
        return 0

    def close(self) -> None:
        for task in list(self._live):
            task.stop()
            task.wait_ended(_END_TIMEOUT_S)
