"""WASI preview 1 for one guest: all of its calls, given to a program that asks for them.

It is our own rather than wasmtime's, because wasmtime's tells the guest of this machine (clocks,
inode numbers, the order of a folder), and needs threads and system calls that the fence can do
without otherwise.
"""

from __future__ import annotations

from gridle.worker.sandbox.host.engine import Program, WasmFault
from gridle.worker.sandbox.host.library import RAW_WORDS
from gridle.worker.sandbox.host.wasi_errno import (
    FAULT,
    SUCCESS,
    GuestError,
    of_host,
)
from gridle.worker.sandbox.host.wasi_files import FileCalls
from gridle.worker.sandbox.host.wasi_paths import PathCalls
from gridle.worker.sandbox.host.wasi_world import Exited, WorldCalls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gridle.worker.sandbox.host.open_files import OpenFiles

MODULE = b"wasi_snapshot_preview1"
PARAMETERS = {
    "args_get": "ii",
    "args_sizes_get": "ii",
    "clock_res_get": "ii",
    "clock_time_get": "iIi",
    "environ_get": "ii",
    "environ_sizes_get": "ii",
    "fd_advise": "iIIi",
    "fd_allocate": "iII",
    "fd_close": "i",
    "fd_datasync": "i",
    "fd_fdstat_get": "ii",
    "fd_fdstat_set_flags": "ii",
    "fd_fdstat_set_rights": "iII",
    "fd_filestat_get": "ii",
    "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi",
    "fd_pread": "iiiIi",
    "fd_prestat_dir_name": "iii",
    "fd_prestat_get": "ii",
    "fd_pwrite": "iiiIi",
    "fd_read": "iiii",
    "fd_readdir": "iiiIi",
    "fd_renumber": "ii",
    "fd_seek": "iIii",
    "fd_sync": "i",
    "fd_tell": "ii",
    "fd_write": "iiii",
    "path_create_directory": "iii",
    "path_filestat_get": "iiiii",
    "path_filestat_set_times": "iiiiIIi",
    "path_link": "iiiiiii",
    "path_open": "iiiiiIIii",
    "path_readlink": "iiiiii",
    "path_remove_directory": "iii",
    "path_rename": "iiiiii",
    "path_symlink": "iiiii",
    "path_unlink_file": "iii",
    "poll_oneoff": "iiii",
    "proc_exit": "i",
    "proc_raise": "i",
    "random_get": "ii",
    "sched_yield": "",
    "sock_accept": "iii",
    "sock_recv": "iiiiii",
    "sock_send": "iiiii",
    "sock_shutdown": "ii",
}
"""Each call's parameters: `i` of 32 bits, `I` of 64. All but proc_exit return an error number."""
_WORD = 2**32 - 1


class Preview1:
    """The calls of one guest, and how it ended by one of them."""

    def __init__(self, files: OpenFiles, arguments: list[str], seed: bytes) -> None:
        self._sides = (FileCalls(files), PathCalls(files), WorldCalls(arguments, seed, files))
        self._has_memory = False
        self._end: BaseException | None = None

    def give(self, program: Program) -> None:
        """Link the program with those calls that it asks for.

        Raises:
            WasmFault: it asks for one with other parameters.
        """
        for module, field in dict.fromkeys(program.asks_for):
            name = field.decode("utf-8", "replace")
            if module == MODULE and name in PARAMETERS:
                call = self._callback(program, name)
                number = name != "proc_exit"
                program.define((module, field), PARAMETERS[name], call, number=number)

    def run(self, program: Program) -> int:
        """Run the program to its end; returns its exit status.

        Raises:
            WasmFault: it trapped, or did what no task may.
        """
        try:
            program.run()
        except WasmFault as fault:
            if isinstance(self._end, Exited):
                return self._end.status
            if self._end is not None:
                raise WasmFault(str(self._end)) from fault
            raise
        return 0

    def _callback(self, program: Program, name: str) -> Callable[..., int]:
        side = next(each for each in self._sides if hasattr(each, name))
        handle: Callable[..., None] = getattr(side, name)
        masks = [_WORD if kind == "i" else 2**64 - 1 for kind in PARAMETERS[name]]
        places = [(index * RAW_WORDS, mask) for index, mask in enumerate(masks)]

        def call(_data: int, caller: int, values: Any, _count: int) -> int:  # noqa: ANN401 - ctypes' own
            try:
                if not self._has_memory:
                    self._take_memory(program, caller)
                handle(*[values[place] & mask for place, mask in places])
            except GuestError as error:
                values[0] = error.number
            except OSError as error:
                values[0] = of_host(error)
            except BaseException as error:  # noqa: BLE001 - none may pass through native code
                self._end = error
                return program.trap(b"ended by its host")
            else:
                values[0] = SUCCESS
            return 0

        return call

    def _take_memory(self, program: Program, caller: int) -> None:
        memory = program.memory(caller)
        if memory is None:
            raise GuestError(FAULT)
        for side in self._sides:
            side.memory = memory
        self._has_memory = True
