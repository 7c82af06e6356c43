"""Start-up of each sandbox beside the bare engine and bare wasmtime, in turn in one run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wasmtime import Engine, Linker, Module, Store, WasiConfig

from gridle.market.protocol.manifest import ContainerRuntime, Runtime
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.port import Share
from tests.benchmarks.sandbox_tasks import END_TIMEOUT_S, Bench, bench
from tests.benchmarks.table import Row

ROUNDS = 9
_NOOP_C = "int main(void) { return 0; }\n"
_NOTHING = ("python3", "-I", "-S", "-c", "pass")
_LIMITS_HERE = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
"""Without these the bare engine cannot start where its own limits cannot be raised."""
_FULL = Share(100.0)


def measure() -> Iterator[Row]:
    """Yield start to end of a task that does nothing, ours and bare."""
    with (
        tempfile.TemporaryDirectory(prefix="gridle-bench-") as folder,
        bench(Path(folder) / "tasks") as made,
    ):
        yield from _wasm(made, Path(folder))
        noop = made.prepare_container(*_NOTHING)
        if made.works("container") and noop:
            yield from _container(made, noop)
        else:
            sys.stderr.write("no container engine or image here: its rows are left out\n")


def _wasm(made: Bench, folder: Path) -> Iterator[Row]:
    source, module = folder / "noop.c", folder / "noop.wasm"
    source.write_text(_NOOP_C)
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-O1"]
    subprocess.run([*argv, "-o", str(module), str(source)], check=True, capture_output=True)
    runtime = made.prepare_wasm(module)
    ours_s, bare_s = _in_turn(lambda: _run(made, runtime), lambda: _bare_wasm(module))
    peer = "bare wasmtime, compiled and run in this process"
    yield Row("wasm_start_ms", 1000 * ours_s, "ms", "≤ 60", peer, 1000 * bare_s)


def _bare_wasm(module: Path) -> None:
    engine = Engine()
    store = Store(engine)
    store.set_wasi(WasiConfig())
    linker = Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, Module.from_file(engine, str(module)))
    start = instance.exports(store)["_start"]
    start(store)  # type: ignore[operator] # an export is a function here, by WASI's rule


def _container(made: Bench, noop: ContainerRuntime) -> Iterator[Row]:
    engine = find_engine()
    program, runtime = getattr(engine, "program", "podman"), getattr(engine, "runtime", None)
    argv = [program, *(["--runtime", runtime] if runtime else [])]
    argv += ["run", "--rm", "--network", "none", *_LIMITS_HERE]
    argv += [f"sha256:{noop.image_sha256}", *_NOTHING]
    ours_s, bare_s = _in_turn(
        lambda: _run(made, noop), lambda: subprocess.run(argv, check=True, capture_output=True)
    )
    peer = f"bare `{program} run`"
    yield Row("container_start_s", ours_s, "s", "-", peer, bare_s)
    yield Row("container_start_ratio", ours_s / bare_s, "×", "≤ 1.3", peer, 1.0)


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
