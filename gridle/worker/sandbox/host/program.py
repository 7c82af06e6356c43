"""One process, one request: compile a module, or run a task of it. See wasm_host."""

from __future__ import annotations

import _thread
import marshal
import os
import sys

from gridle.worker.sandbox.host import fence
from gridle.worker.sandbox.host.digest import file_sha256
from gridle.worker.sandbox.host.engine import Engine, WasmFault
from gridle.worker.sandbox.host.folders import Folder
from gridle.worker.sandbox.host.library import load
from gridle.worker.sandbox.host.open_files import OpenFiles
from gridle.worker.sandbox.host.preview1 import Preview1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FENCED = b"fenced\n"
_LENGTH_BYTES = 4
_REASON_LENGTH = 400
_NICEST = 19
_WORDS_TO = 2
"""What the task prints goes to standard error."""


def main() -> None:
    """Do what the worker asks for, and answer: `KIND NUMBER PEAK`, and a trap's reason below."""
    worker_pid, library_folder = int(sys.argv[1]), sys.argv[2]
    answer_to = os.dup(1)
    os.dup2(2, 1)
    fence.begin(worker_pid)
    os.write(answer_to, _FENCED)
    engine = Engine(load(library_folder))
    status = _open_own_status()
    request = _request()
    _yield_to_others()
    reason = ""
    try:
        fence.limit(request["memory_bytes"], request["file_bytes"])
        work = _compile if request["do"] == "compile" else _run
        kind, number = "exit", work(engine, request)
    except WasmFault as fault:
        kind, number, reason = "trap", 0, _cause(str(fault))[:_REASON_LENGTH]
    except OSError as error:
        kind, number = "host-error", error.errno or 0
    head = f"{kind} {number} {_peak_memory_bytes(status)}\n"
    os.write(answer_to, (head + reason).encode("utf-8", "replace"))
    os._exit(0)  # at once: nothing of the task's may run during interpreter shutdown


def _cause(message: str) -> str:
    """Return what made it so, without the frames of a program whose names were stripped."""
    return " ".join(message.rpartition("Caused by:")[2].split())


def _request() -> dict[str, Any]:
    """Read what the worker wants; it comes from the same Python, so its own format will do."""
    length = int.from_bytes(_read(_LENGTH_BYTES), "little")
    request: dict[str, Any] = marshal.loads(_read(length))  # noqa: S302 - from the worker alone
    return request


def _read(length: int) -> bytes:
    parts, left = [], length
    while left:
        part = os.read(0, left)
        if not part:
            os._exit(1)  # the worker is gone
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _compile(engine: Engine, request: dict[str, Any]) -> int:
    with open(request["module"], "rb") as file:  # noqa: PTH123 - see the package
        module = file.read()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    draft = os.open(request["draft"], flags, 0o600)
    _close_fence((), (), opens_files=False, new_code=True)
    left = memoryview(engine.compile(module))
    while left:
        left = left[os.write(draft, left) :]
    os.fsync(draft)
    return 0


def _run(engine: Engine, request: dict[str, Any]) -> int:
    folders = [Folder(path, name, writable=writes) for path, name, writes in request["folders"]]
    program = engine.load(_checked_code(request))
    program.limit(request["memory_bytes"])
    files = OpenFiles(folders, (_WORDS_TO, _WORDS_TO, _WORDS_TO))
    guest = Preview1(files, request["arguments"], request["seed"])
    guest.give(program)
    read = tuple(folder.path for folder in folders if not folder.writable)
    write = tuple(folder.path for folder in folders if folder.writable)
    _close_fence(read, write, opens_files=True, new_code=False)
    return guest.run(program)


def _checked_code(request: dict[str, Any]) -> bytes:
    with open(request["code"], "rb") as file:  # noqa: PTH123 - see the package
        code = file.read()
    if file_sha256(code) != request["code_sha256"]:
        raise OSError("the compiled module is damaged")
    return code


def _close_fence(
    read: tuple[str, ...], write: tuple[str, ...], *, opens_files: bool, new_code: bool
) -> None:
    fence.keep_to(read, write)
    _thread.start_new_thread(_end_with_worker, ())  # under the rules for files, unlike one before
    fence.only_compute(opens_files=opens_files, new_code=new_code)


def _end_with_worker() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _yield_to_others() -> None:
    os.nice(_NICEST)
    if sys.platform == "linux":
        try:  # noqa: SIM105 - contextlib takes a millisecond to import
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        except OSError:
            pass  # some kernels keep it from us; being nice holds anyway


def _open_own_status() -> int:
    """Return what tells of this process's memory, opened before the fence closes; -1: nothing."""
    try:
        return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _peak_memory_bytes(status: int) -> int:
    """Return the most that this program held at once."""
    if status < 0:
        import resource  # noqa: PLC0415 - Linux counts the worker that started us into its figure

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    lines = os.pread(status, 4096, 0).splitlines()
    peak_kib = next(line.split()[1] for line in lines if line.startswith(b"VmHWM:"))
    return int(peak_kib) * 1024
