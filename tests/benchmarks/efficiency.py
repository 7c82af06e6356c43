"""Computing in each sandbox beside the same program run bare: integers, reals, memory, files.

Both are let run by turns of half a second, so that whatever else a shared machine does slows both
alike (but its other programs: those slow tasks alone, which give way to them), and their work is
counted from outside. A figure is units of work a second in the sandbox over those bare: the mean of
several pairs but the lowest and the highest, because where a process's memory happens to lie makes
it faster or slower for as long as it lives.
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import mean

from tests.benchmarks.sandbox_tasks import bench
from tests.benchmarks.table import Row
from tests.benchmarks.turns import Begin, bare, in_sandbox
from tests.rigs import sandbox_program

_SOURCE = Path(__file__).with_name("efficiency_task.c")
_KINDS = ("integer", "floating", "memory", "file")
_PAIRS = 12
_TURNS = 4
_TURN_S = 0.5


def measure() -> Iterator[Row]:
    """Yield, for each sandbox, its worst kind of work and then each kind."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        native = sandbox_program.build(f"{platform.machine()}-linux-musl", _SOURCE)
        module = sandbox_program.build(sandbox_program.WASM_TARGET, _SOURCE)
        native_work = bare(native, Path(folder))
        in_wasm = made.prepare_wasm(module)
        yield from _rows("wasm", native_work, in_sandbox(made, in_wasm, "any"))
        image = made.import_program(native)
        if image is None:
            sys.stderr.write("no container engine here: its rows are left out\n")
            return
        yield from _rows("container", native_work, in_sandbox(made, image, "any"))
        if made.has_gvisor():
            yield from _rows("gvisor", native_work, in_sandbox(made, image, "gvisor"))
        else:
            sys.stderr.write("gVisor does not run here: its rows are left out\n")


def _rows(name: str, native: Begin, fenced: Begin) -> Iterator[Row]:
    found = {kind: _efficiency(native, fenced, kind) for kind in _KINDS}
    target = "≥ 0.98" if name == "container" else "as measured"
    peer = "the same program run bare"
    worst = min(found.values())
    yield Row(f"{name}_efficiency", worst, "×", target, f"{peer}; the worst of four kinds", 1.0)
    for kind, efficiency in found.items():
        yield Row(f"{name}_efficiency_{kind}", efficiency, "×", target, peer, 1.0)


def _efficiency(native: Begin, fenced: Begin, kind: str) -> float:
    found = sorted(_of_pair(native, fenced, kind) for _ in range(_PAIRS))
    return mean(found[1:-1])


def _of_pair(native: Begin, fenced: Begin, kind: str) -> float:
    with closing(native(kind)) as own, closing(fenced(kind)) as other:
        for _ in range(_TURNS):
            own.turn(_TURN_S)
            other.turn(_TURN_S)
        return other.units_per_s() / own.units_per_s()
