"""The program of a WebAssembly task's own process; it imports wasmtime and the standard library.

Run as `python -I -S wasm_host.py WORKER_PID MEMORY_BYTES FILE_BYTES LIBRARY_FOLDER`: without
`site`, which costs a fifth of the start-up, so LIBRARY_FOLDER says where wasmtime lies. It says
FENCED on standard output once it can no longer outlive the worker. The first line of standard
input is the request; its end later means that the worker is gone. The answer is one line of JSON
on standard output. What the task itself prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

gc.disable()  # an import makes no garbage; looking for it took a tenth of the start-up
sys.path.append(sys.argv[4])
import wasmtime  # noqa: E402 - it is found by the line above

FENCED = b"fenced\n"
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 64
_TABLE_ELEMENTS = 100_000
_STACK_BYTES = 2**20
_HOST_BYTES = 2**29
"""What the host itself may hold beside the task's memory: code, compiler, stacks."""


def main() -> None:
    """Fence this process, then compile or run what the request asks for."""
    answer_to = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _fence(*(int(figure) for figure in sys.argv[1:4]))
    os.write(answer_to, FENCED)
    request = json.loads(sys.stdin.readline(2**22))
    _yield_to_others()
    threading.Thread(target=_end_with_worker, daemon=True).start()
    try:
        answer = _compile(request) if request["do"] == "compile" else _run(request)
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        answer = {"trap": str(error)[-400:]}
    except OSError as error:
        answer = {"host_error": type(error).__name__, "errno": error.errno}
    answer["peak_memory_bytes"] = _peak_memory_bytes()
    os.write(answer_to, json.dumps(answer).encode() + b"\n")
    os._exit(0)  # at once: nothing of the task's may run during interpreter shutdown


def _fence(worker_pid: int, memory_bytes: int, file_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    ceiling = memory_bytes + _HOST_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != worker_pid:  # it died before the signal was asked for
        os._exit(1)


def _peak_memory_bytes() -> int:
    """Return the most that this program held at once."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    # Linux counts the worker that started us into ru_maxrss, as ours for a moment before exec.
    with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - pathlib costs start-up time
        peak_kib = next(line.split()[1] for line in status if line.startswith(b"VmHWM:"))
    return int(peak_kib) * 1024


def _yield_to_others() -> None:
    os.nice(19)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # some kernels keep it from us; nice 19 holds anyway
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _end_with_worker() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(1)


def _engine() -> wasmtime.Engine:
    """Return the engine; one configuration, since compiled code is bound to it."""
    config = wasmtime.Config()
    config.cranelift_nan_canonicalization = True  # equal tasks give equal bytes on every CPU
    config.wasm_relaxed_simd = False
    config.wasm_threads = False
    config.wasm_multi_memory = False
    config.wasm_memory64 = False
    config.max_wasm_stack = _STACK_BYTES
    config.parallel_compilation = False  # it would take more than one core
    return wasmtime.Engine(config)


def _compile(request: dict[str, Any]) -> dict[str, Any]:
    module = wasmtime.Module(_engine(), Path(request["module"]).read_bytes())
    names = {export.name for export in module.exports}
    if "_start" not in names or "memory" not in names:
        return {"trap": "it is not a WASI command module: it exports no _start or no memory"}
    Path(request["draft"]).write_bytes(module.serialize())
    return {"status": 0}


def _run(request: dict[str, Any]) -> dict[str, Any]:
    code = Path(request["code"]).read_bytes()
    if hashlib.sha256(code).hexdigest() != request["code_sha256"]:
        return {"host_error": "damaged code", "errno": None}
    engine = _engine()
    module = wasmtime.Module.deserialize(engine, code)
    store = wasmtime.Store(engine)
    store.set_limits(
        memory_size=request["memory_bytes"],
        table_elements=_TABLE_ELEMENTS,
        instances=1,
        tables=16,
        memories=1,
    )
    wasi = wasmtime.WasiConfig()
    wasi.argv = request["arguments"]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    wasi.preopen_dir(request["input"], "/in", fs_mutable=False)
    wasi.preopen_dir(request["output"], "/out")
    if request["checkpoint"] is not None:
        wasi.preopen_dir(request["checkpoint"], "/checkpoint")
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    start = linker.instantiate(store, module).exports(store)["_start"]
    try:
        start(store)  # type: ignore[operator]  # _start is a function in every command module
    except wasmtime.ExitTrap as exit_trap:
        return {"status": exit_trap.code}
    return {"status": 0}


if __name__ == "__main__":
    main()
