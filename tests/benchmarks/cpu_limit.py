"""How well a CPU limit is held in every quarter of a second, at six levels, beside BOINC's rule."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gridle.market.protocol.manifest import Runtime
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.port import Share
from tests.benchmarks.boinc_accumulator import PEER, boinc_task
from tests.benchmarks.busy_jobs import compile_spin
from tests.benchmarks.cpu_windows import Held, Pids, held, watch
from tests.benchmarks.sandbox_tasks import Bench, bench
from tests.benchmarks.table import Row
from tests.benchmarks.task_clock import cpu_ns, task_pids

SPAN_S = 30.0
SETTLE_S = 1.0
LEVELS = (5, 10, 25, 50, 75, 90)
LANES: tuple[tuple[int, ...], ...] = ((5, 50), (10, 25), (75,), (90,))
"""Levels that run on one core at the same time: together they leave much of it free."""
EACH_KIND = 2
"""In the mixed runs: WebAssembly tasks, and as many containers."""

Kind = Literal["wasm", "container"]


@dataclass(frozen=True)
class Lane:
    """What one core is busy with during one span: some tasks of a kind, or one of BOINC's."""

    kind: Kind | Literal["boinc"]
    levels: tuple[int, ...]


def measure() -> Iterator[Row]:
    """Yield the worst figures, then those of each kind and level."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        runtimes = _runtimes(made, Path(folder))
        found = _apart(made, runtimes)
        for level in LEVELS:
            found["together", level] = _together(made, runtimes, level)
    yield from _rows(found)


def _runtimes(made: Bench, folder: Path) -> dict[Kind, Runtime]:
    runtimes: dict[Kind, Runtime] = {"wasm": made.prepare_wasm(compile_spin(folder))}
    spin = made.prepare_container("python3", "-c", "while True: pass")
    if made.works("container") and spin:
        runtimes["container"] = spin
    else:
        sys.stderr.write("no container engine or image here: its rows are left out\n")
    return runtimes


def _rows(found: dict[tuple[str, int], Held]) -> Iterator[Row]:
    ours = {key: each for key, each in found.items() if key[0] != "boinc"}
    peers = [each for key, each in found.items() if key[0] == "boinc"]
    yield Row(
        "cpu_limit_mean_error_points",
        max(each.error_points for each in ours.values()),
        f"points, worst of {len(ours)}",
        "≤ 2",
        PEER,
        max(each.error_points for each in peers),
    )
    yield Row(
        "cpu_limit_std_points",
        max(each.std_points for each in ours.values()),
        f"points, worst of {len(ours)}",
        "≤ 5",
        PEER,
        max(each.std_points for each in peers),
    )
    for (kind, level), each in ours.items():
        name, peer = f"cpu_limit_{kind}_{level}", found["boinc", level]
        yield Row(
            f"{name}_error_points", each.error_points, "points", "≤ 2", PEER, peer.error_points
        )
        yield Row(f"{name}_std_points", each.std_points, "points", "≤ 5", PEER, peer.std_points)


def _apart(made: Bench, runtimes: dict[Kind, Runtime]) -> dict[tuple[str, int], Held]:
    """Measure each kind at each level, and the peer, with one lane to a core."""
    lanes = [Lane(kind, levels) for kind in runtimes for levels in LANES]
    lanes += [Lane("boinc", (level,)) for level in LEVELS]
    cores = sorted(own_cores())
    found: dict[tuple[str, int], Held] = {}
    for first in range(0, len(lanes), len(cores)):
        found |= _span(made, runtimes, dict(zip(cores, lanes[first:], strict=False)))
    return found


def _span(
    made: Bench, runtimes: dict[Kind, Runtime], lanes: dict[int, Lane]
) -> dict[tuple[str, int], Held]:
    groups: dict[str, Pids] = {}
    with ExitStack() as stack:
        for core, lane in lanes.items():
            for level in lane.levels:
                if lane.kind == "boinc":
                    pids: Pids = (stack.enter_context(boinc_task(level / 100, (core,))),)
                else:
                    share = Share(level, (core,))
                    pids = stack.enter_context(_running(made, [runtimes[lane.kind]], share))
                groups[f"{lane.kind} {level}"] = pids
        windows = _watch(groups)
    return {
        (lane.kind, level): held(windows[f"{lane.kind} {level}"], level)
        for lane in lanes.values()
        for level in lane.levels
    }


def _together(made: Bench, runtimes: dict[Kind, Runtime], level: int) -> Held:
    """Measure the sum of several tasks that have `level` percent of each core between them."""
    tasks = [runtime for runtime in runtimes.values() for _ in range(EACH_KIND)]
    cores = sorted(own_cores())[:2]
    share = Share(level * len(cores) / len(tasks), tuple(cores))
    with _running(made, tasks, share) as pids:
        windows = _watch({"together": pids})["together"]
    return held([window / len(cores) for window in windows], level)


def _watch(groups: dict[str, Pids]) -> dict[str, list[float]]:
    threading.Event().wait(SETTLE_S)
    return watch(groups, SPAN_S)


@contextmanager
def _running(made: Bench, runtimes: Sequence[Runtime], share: Share) -> Iterator[Pids]:
    """Start busy loops and give their processes once they compute; they end with the block."""
    before = _all_pids()
    started = [made.start(runtime, share) for runtime in runtimes]
    pids = tuple(_all_pids() - before)
    _await_use(pids, len(started))
    try:
        yield pids
    finally:
        for task, _ in started:
            task.stop()
        for _, ended in started:
            ended.wait(20)


def _all_pids() -> set[int]:
    wasm, containers = task_pids(os.getpid())
    return {*wasm, *containers}


def _await_use(pids: Pids, least: int) -> None:
    if len(pids) < least:
        message = "a busy task did not start"
        raise TimeoutError(message)
    give_up_at = time.monotonic() + 60
    for pid in pids:
        start_ns = cpu_ns([pid])
        while cpu_ns([pid]) < start_ns + 10_000_000:
            if time.monotonic() > give_up_at:
                message = f"task {pid} does not compute"
                raise TimeoutError(message)
            threading.Event().wait(0.05)
