"""Computing in each sandbox beside the same program run bare: integers, reals, memory, files.

Each figure is bare seconds over seconds in the sandbox, both for a further stretch of work: start
and end are left out by taking a short run from a long one. The least disturbed of the rounds count.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gridle.market.protocol.manifest import Isolation, MiB, Resources, Runtime
from gridle.worker.sandbox.port import Share
from tests.benchmarks.sandbox_tasks import END_TIMEOUT_S, Bench, bench
from tests.benchmarks.table import Row
from tests.rigs import sandbox_program

ROUNDS = 3
_SOURCE = Path(__file__).with_name("efficiency_task.c")
_SHORT, _LONG = 1, 5
_UNITS = {"integer": 30, "floating": 50, "memory": 12, "file": 40}
"""So many units take about a third of a second."""
_SHARE = Share(100.0 * (os.cpu_count() or 1))
"""All of it: what a limit costs is another row's."""
_RESOURCES = Resources(
    reference_s=600.0, memory_bytes=256 * MiB, output_max_bytes=64 * MiB, wall_limit_s=600.0
)

Run = Callable[[str, int], None]
"""Does so many units of a kind of work."""


def measure() -> Iterator[Row]:
    """Yield, for each sandbox, its worst kind of work and then each kind."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        native = sandbox_program.build(f"{platform.machine()}-linux-musl", _SOURCE)
        module = sandbox_program.build(sandbox_program.WASM_TARGET, _SOURCE)
        in_wasm = made.prepare_wasm(module)
        yield from _rows("wasm", _bare(native), _in_sandbox(made, in_wasm, "any"))
        image = made.import_program(native)
        if image is None:
            sys.stderr.write("no container engine here: its rows are left out\n")
            return
        yield from _rows("container", _bare(native), _in_sandbox(made, image, "any"))
        if made.has_gvisor():
            yield from _rows("gvisor", _bare(native), _in_sandbox(made, image, "gvisor"))
        else:
            sys.stderr.write("gVisor does not run here: its rows are left out\n")


def _rows(name: str, bare: Run, fenced: Run) -> Iterator[Row]:
    found: dict[str, tuple[float, float]] = {}
    for kind in _UNITS:
        bare_s, fenced_s = _stretches(kind, bare, fenced)
        found[kind] = (bare_s, fenced_s)
    target = "≥ 0.98" if name == "container" else "as measured"
    peer = "the same program run bare"
    worst = min(bare_s / fenced_s for bare_s, fenced_s in found.values())
    yield Row(f"{name}_efficiency", worst, "×", target, f"{peer}; the worst of four kinds", 1.0)
    for kind, (bare_s, fenced_s) in found.items():
        yield Row(f"{name}_efficiency_{kind}", bare_s / fenced_s, "×", target, peer, 1.0)


def _stretches(kind: str, bare: Run, fenced: Run) -> tuple[float, float]:
    """Return the seconds that the same further stretch of work takes, bare and fenced, in turn."""
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for length in (_SHORT, _LONG):
            for name, run in (("bare", bare), ("fenced", fenced)):
                began = time.perf_counter()
                run(kind, length * _UNITS[kind])
                times.setdefault((name, length), []).append(time.perf_counter() - began)
    least = {key: min(spent) for key, spent in times.items()}
    bare_s, fenced_s = (least[name, _LONG] - least[name, _SHORT] for name in ("bare", "fenced"))
    return bare_s, fenced_s


def _bare(program: Path) -> Run:
    def run(kind: str, units: int) -> None:
        with tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder:
            subprocess.run([program, kind, str(units), folder], check=True)

    return run


def _in_sandbox(made: Bench, runtime: Runtime, isolation: Isolation) -> Run:
    def run(kind: str, units: int) -> None:
        arguments = (kind, str(units), "/out")
        _, ended = made.start(runtime, _SHARE, arguments, resources=_RESOURCES, isolation=isolation)
        if not ended.wait(END_TIMEOUT_S):
            message = f"{kind} work in a sandbox did not end"
            raise TimeoutError(message)
        if ended.outcome is None or ended.outcome.explanation is not None:
            message = f"{kind} work in a sandbox failed: {ended.outcome}"
            raise RuntimeError(message)

    return run
