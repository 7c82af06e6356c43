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
from dataclasses import dataclass
from pathlib import Path

from gridle.worker.policy.limits import default_limits
from gridle.worker.sandbox.cores import own_cores
from tests.benchmarks import frame_loop
from tests.benchmarks.boinc_accumulator import boinc_task
from tests.benchmarks.table import Row
from tests.benchmarks.worker_in_use import WorkerInUse, worker_in_use

ROUNDS = 4
ROUND_S = 20.0
"""Long enough to hold the seconds that the guard on foreign load takes to see the owner."""
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

    compiles_s: tuple[float, ...]
    """Each compilation. All count: half of them slowed down would not show in a median."""
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
        return Felt(tuple(took), tuple(json.loads(frames.communicate()[0])))

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


def measure() -> Iterator[Row]:
    """Yield slow-down, missed frames and the slowest frames, over interleaved rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        worker_in_use(Path(folder)) as worker,
    ):
        owner = Owner(Path(folder))
        rounds = [_round(owner, worker) for _ in range(ROUNDS)]
    yield from _rows(rounds)


@dataclass(frozen=True)
class Round:
    """The same use of the computer, three times in a row."""

    gridle: Felt
    alone: Felt
    boinc: Felt


def _round(owner: Owner, worker: WorkerInUse) -> Round:
    with worker.working():
        gridle = owner.feel()
    alone = owner.feel()
    share = default_limits(1, 2**30).while_in_use.cpu_percent / 100
    with boinc_task(share, own_cores(), niceness=19):
        boinc = owner.feel()
    return Round(gridle, alone, boinc)


def _rows(rounds: list[Round]) -> Iterator[Row]:
    over = f"over {len(rounds)} × {ROUND_S:g} s"

    def compile_s(felt: Callable[[Round], Felt]) -> float:
        return statistics.mean(each for round_ in rounds for each in felt(round_).compiles_s)

    def missed(felt: Callable[[Round], Felt]) -> float:
        return statistics.mean(felt(each).missed_percent for each in rounds)

    def p99(felt: Callable[[Round], Felt]) -> float:
        return statistics.median(felt(each).p99_ms for each in rounds)

    def gridle(each: Round) -> Felt:
        return each.gridle

    def alone(each: Round) -> Felt:
        return each.alone

    def boinc(each: Round) -> Felt:
        return each.boinc

    def slower(felt: Callable[[Round], Felt]) -> float:
        return 100 * (compile_s(felt) / compile_s(alone) - 1)

    yield Row("foreground_slowdown_pct", slower(gridle), f"% {over}", "≤ 2", PEER, slower(boinc))
    yield Row(
        "foreground_missed_frames_pct", missed(gridle), "% of frames", "≤ 1", PEER, missed(boinc)
    )
    unit = f"ms; alone {p99(alone):.1f}"
    yield Row("foreground_frame_p99_ms", p99(gridle), unit, "≤ 16.7", PEER, p99(boinc))
