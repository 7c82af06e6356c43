"""Start-up of each sandbox beside the bare engine and bare wasmtime, in turn in one run.

Warm, everything is in memory and compiled; cold, the kernel's caches of files are dropped before
each start of a container, and a module is compiled first.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wasmtime import Engine, Linker, Module, Store, WasiConfig

from gridle.market.protocol.manifest import ContainerRuntime, Runtime
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.port import Share
from tests.benchmarks.sandbox_tasks import END_TIMEOUT_S, Bench, bench
from tests.benchmarks.table import Row

ROUNDS = 15
COLD_ROUNDS = 5
_NOOP_C = "int main(void) { return 0; }\n"
_MARK = "begun"
_MARKS = ("python3", "-I", "-S", "-c", f"open('/out/{_MARK}', 'x')")
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_LIMITS_HERE = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
"""Without these the bare engine cannot start where its own limits cannot be raised."""
_FULL = Share(100.0)


def measure() -> Iterator[Row]:
    """Yield what the start of a task that does next to nothing takes, ours and bare."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        yield from _wasm(made, Path(folder))
        marks = made.prepare_container(*_MARKS)
        if made.works("container") and marks:
            yield from _container(made, marks, Path(folder))
        else:
            sys.stderr.write("no container engine or image here: its rows are left out\n")


def _wasm(made: Bench, folder: Path) -> Iterator[Row]:
    source, module = folder / "noop.c", folder / "noop.wasm"
    source.write_text(_NOOP_C)
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-O1"]
    subprocess.run([*argv, "-o", str(module), str(source)], check=True, capture_output=True)
    runtime = made.prepare_wasm(module)
    ours_s, bare_s = _in_turn(lambda: _run(made, runtime), lambda: _bare_wasm(module))
    peer = (
        "from start() of a task whose module was compiled before, to the end of its program, which "
        "does nothing; beside it bare wasmtime, compiled and run in this process, without a fence"
    )
    yield Row("wasm_start_ms", 1000 * ours_s, "ms", "≤ 60", peer, 1000 * bare_s)
    cold_s = statistics.median(
        _cold_wasm(folder / f"cold-{number}", module) for number in range(COLD_ROUNDS)
    )
    yield Row("wasm_start_cold_ms", 1000 * cold_s, "ms", "-", "the same, compiled first", None)


def _bare_wasm(module: Path) -> None:
    engine = Engine()
    store = Store(engine)
    store.set_wasi(WasiConfig())
    linker = Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, Module.from_file(engine, str(module)))
    start = instance.exports(store)["_start"]
    start(store)  # type: ignore[operator] # an export is a function here, by WASI's rule


def _cold_wasm(folder: Path, module: Path) -> float:
    with bench(folder) as made:
        began = time.perf_counter()
        _run(made, made.prepare_wasm(module))
        return time.perf_counter() - began


def _container(made: Bench, marks: ContainerRuntime, folder: Path) -> Iterator[Row]:
    engine = find_engine()
    program, runtime = getattr(engine, "program", "podman"), getattr(engine, "runtime", None)
    argv = [program, *(["--runtime", runtime] if runtime else [])]
    argv += ["run", "--rm", "--network", "none", *_LIMITS_HERE]

    def bare() -> Start:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            words = [*argv, "-v", f"{out}:/out", f"sha256:{marks.image_sha256}", *_MARKS]
            return _timed(
                lambda: subprocess.run(words, check=True, capture_output=True), lambda: Path(out)
            )

    def ours() -> Start:
        return _timed(lambda: _run(made, marks), lambda: made.last_out)

    peer = f"bare `{program} run`"
    warm, bare_warm = _medians(ours, bare, ROUNDS, lambda: None)
    yield Row("container_start_s", warm.first_s, "s", "-", peer, bare_warm.first_s)
    ratio = warm.first_s / bare_warm.first_s
    yield Row("container_start_ratio", ratio, "×", "≤ 1.3", f"{peer}, to the first word", 1.0)
    whole = warm.whole_s / bare_warm.whole_s
    yield Row("container_run_ratio", whole, "×", "-", f"{peer}, until it is removed", 1.0)
    if os.access(_DROP_CACHES, os.W_OK):
        cold, bare_cold = _medians(ours, bare, COLD_ROUNDS, _drop_caches)
        ratio = cold.first_s / bare_cold.first_s
        cold_peer = f"{peer}, to the first word, caches of files dropped"
        yield Row("container_start_cold_ratio", ratio, "×", "≤ 1.3", cold_peer, 1.0)
    else:
        sys.stderr.write("only root can drop the kernel's caches: the cold row is left out\n")


def _drop_caches() -> None:
    os.sync()
    _DROP_CACHES.write_text("1")


@dataclass(frozen=True)
class Start:
    """Of a task that leaves a mark: how long until the mark, and until it is gone."""

    first_s: float
    whole_s: float


def _timed(run: Callable[[], object], out: Callable[[], Path]) -> Start:
    began_ns = time.time_ns()
    run()
    whole_s = (time.time_ns() - began_ns) / 1e9
    return Start(((out() / _MARK).stat().st_mtime_ns - began_ns) / 1e9, whole_s)


def _medians(
    ours: Callable[[], Start], peer: Callable[[], Start], rounds: int, before: Callable[[], None]
) -> tuple[Start, Start]:
    """Return the median of each, run alternately after one warm-up of both."""
    found: tuple[list[Start], list[Start]] = ([], [])
    for _ in range(rounds + 1):
        for one, starts in zip((ours, peer), found, strict=True):
            before()
            starts.append(one())
    first, second = (
        Start(
            statistics.median(each.first_s for each in starts[1:]),
            statistics.median(each.whole_s for each in starts[1:]),
        )
        for starts in found
    )
    return first, second


def _run(made: Bench, runtime: Runtime) -> None:
    _, ended = made.start(runtime, _FULL)
    if not ended.wait(END_TIMEOUT_S):
        message = "a task that does nothing did not end"
        raise TimeoutError(message)


def _in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds of each, run alternately after one warm-up of both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for one, spent in zip((ours, peer), times, strict=True):
            began = time.perf_counter()
            one()
            spent.append(time.perf_counter() - began)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])
