"""What an owner loses to Gridle's in-use default: a frame loop and a compiler beside it."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.manifest import Runtime
from gridle.worker.policy.limits import default_limits
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.port import Share
from tests.benchmarks import frame_loop
from tests.benchmarks.boinc_accumulator import boinc_task
from tests.benchmarks.busy_jobs import compile_spin
from tests.benchmarks.sandbox_tasks import Bench, bench
from tests.benchmarks.table import Row

ROUNDS = 9
ROUND_S = 8.0
SETTLE_S = 0.5
PEER = "a nice 19 process under BOINC's one-second accumulator"
_FUNCTIONS = 60
_SOURCE = """
double f{n}(double *x, int n) {{
    double s = {n}.5;
    for (int i = 0; i < n; i++) {{ s += x[i] * s; if (s > 1e9) s /= 3.0 + i % 7; x[i] = s - {n}; }}
    return s;
}}
"""


@dataclass(frozen=True)
class Felt:
    """What the owner's programs did in one round."""

    compile_s: float
    """The median of one compilation."""
    frames_s: tuple[float, ...]

    @property
    def missed_percent(self) -> float:
        """Frames that ended after their slot."""
        late = sum(each > frame_loop.SLOT_S for each in self.frames_s)
        return 100 * late / len(self.frames_s)

    @property
    def p99_ms(self) -> float:
        """Of a frame, from its slot's begin to its end."""
        ordered = sorted(self.frames_s)
        return 1000 * ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


class Owner:
    """Somebody at the computer: compiles the same file again and again, and looks at a film."""

    def __init__(self, folder: Path) -> None:
        self._source = folder / "medium.c"
        self._source.write_text("".join(_SOURCE.format(n=n) for n in range(_FUNCTIONS)))
        self._compiler = _compiler()
        self._round = 0
        self._work = int(self._frames("0", "0").communicate()[0])

    def feel(self) -> Felt:
        """Use the computer for one round."""
        threading.Event().wait(SETTLE_S)
        frames = self._frames(str(self._work), str(ROUND_S))
        end_at = time.monotonic() + ROUND_S
        took: list[float] = []
        while time.monotonic() < end_at or not took:
            took.append(self._compile())
        return Felt(statistics.median(took), tuple(json.loads(frames.communicate()[0])))

    def _compile(self) -> float:
        self._round += 1
        began_s = time.monotonic()
        subprocess.run(
            [
                *(*self._compiler, f"-DROUND={self._round}"),  # no compiler's cache knows it
                *("-O2", "-c", "-o", os.devnull, str(self._source)),
            ],
            check=True,
            capture_output=True,
        )
        return time.monotonic() - began_s

    @staticmethod
    def _frames(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", "-S", frame_loop.__file__, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _compiler() -> list[str]:
    found = shutil.which("gcc") or shutil.which("cc")
    return [found] if found else [sys.executable, "-m", "ziglang", "cc"]


def in_use_share(tasks: int) -> Share:
    """Return what the policy gives each of some busy tasks by the default limits while in use."""
    cores = sorted(own_cores())
    budget = default_limits(len(cores), 8 * 2**30).while_in_use
    kept = tuple(cores[len(cores) - budget.cores :])  # the last: systems begin with the first
    return Share(budget.cpu_percent * budget.cores / tasks, kept)


def measure() -> Iterator[Row]:
    """Yield slow-down, missed frames and the slowest frames, over interleaved rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        runtimes: list[Runtime] = [made.prepare_wasm(compile_spin(Path(folder)))]
        spin = made.prepare_container("python3", "-c", "while True: pass")
        if made.works("container") and spin:
            runtimes.append(spin)
        else:
            sys.stderr.write("no container engine or image here: WebAssembly tasks alone\n")
        owner = Owner(Path(folder))
        rounds = [_round(owner, made, runtimes) for _ in range(ROUNDS)]
    yield from _rows(rounds)


@dataclass(frozen=True)
class Round:
    """The same use of the computer, three times in a row."""

    alone: Felt
    gridle: Felt
    boinc: Felt


def _round(owner: Owner, made: Bench, runtimes: list[Runtime]) -> Round:
    with _gridle(made, runtimes):
        gridle = owner.feel()
    alone = owner.feel()
    share = in_use_share(1)
    with boinc_task(share.cpu_percent / 100, own_cores(), niceness=19):
        boinc = owner.feel()
    return Round(alone, gridle, boinc)


@contextmanager
def _gridle(made: Bench, runtimes: list[Runtime]) -> Iterator[None]:
    share = in_use_share(len(runtimes))
    started = [made.start(runtime, share) for runtime in runtimes]
    with ExitStack() as stack:
        for task, ended in started:
            stack.callback(ended.wait, 20)
            stack.callback(task.stop)
        yield


def _rows(rounds: list[Round]) -> Iterator[Row]:
    over = f"over {len(rounds)} × {ROUND_S:g} s"
    alone = statistics.median(each.alone.compile_s for each in rounds)

    def slower(felt: Callable[[Round], Felt]) -> float:
        return 100 * (statistics.median(felt(each).compile_s for each in rounds) / alone - 1)

    def gridle(each: Round) -> Felt:
        return each.gridle

    def boinc(each: Round) -> Felt:
        return each.boinc

    yield Row("foreground_slowdown_pct", slower(gridle), f"% {over}", "≤ 2", PEER, slower(boinc))
    yield Row(
        "foreground_missed_frames_pct",
        statistics.mean(each.gridle.missed_percent for each in rounds),
        "% of frames",
        "≤ 1",
        PEER,
        statistics.mean(each.boinc.missed_percent for each in rounds),
    )
    yield Row(
        "foreground_frame_p99_ms",
        statistics.median(each.gridle.p99_ms for each in rounds),
        f"ms; alone {statistics.median(each.alone.p99_ms for each in rounds):.1f}",
        f"≤ {1000 * frame_loop.SLOT_S:.1f}",
        PEER,
        statistics.median(each.boinc.p99_ms for each in rounds),
    )
