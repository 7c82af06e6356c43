"""A WebAssembly host process in its fence: spawned, throttled, frozen, killed, reaped."""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gridle
from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.host_fence import FenceMaker, Host, HostFence
from gridle.worker.sandbox.log_tail import LogTail
from gridle.worker.sandbox.port import Ending, Share
from gridle.worker.sandbox.supervisor import Exit
from gridle.worker.sandbox.thread_state import thread_ids, thread_state

_HOST = Path(__file__).with_name("wasm_host.py")
"""Run by path and never imported: wasmtime stays out of the worker's memory."""
_PROGRAM_FOLDER = Path(gridle.__file__).parents[1]
_FENCED = b"fenced\n"
"""What the host says, see there."""
_LENGTH_BYTES = 4
_ANSWER_BYTES = 4096
_ANSWER = re.compile(
    rb"(?P<kind>[a-z-]{1,16}) (?P<status>-?[0-9]{1,10}) (?P<peak_bytes>[0-9]{1,18})\n"
    rb"(?P<reason>.*)",
    re.DOTALL,
)
"""The host has met hostile code, so its last words may be any bytes."""
_LOG_TIMEOUT_S = 2.0
_FENCE_TIMEOUT_S = 30.0

_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wasm-spawner")
"""Children die with the thread that spawned them (PR_SET_PDEATHSIG): this one never ends."""


class WasmProcess:
    """One host process; `request` is what it is asked to do."""

    def __init__(
        self, name: str, request: dict[str, Any], make_fence: FenceMaker, share: Share
    ) -> None:
        self._lock = threading.Lock()
        self._reaped = threading.Event()
        self._final_cpu_s = 0.0
        self._peak_bytes = 0
        self._exit = Exit(Ending.BROKEN, explanations.ENGINE_GONE)
        self._flooded = False
        self._child = self._spawn()
        self._log = self._drain(name)
        self._fence: HostFence | None = None
        try:
            self._await_fence()
            self._fence = make_fence(Host(name, self._child.pid, self._signal, self._cpu_now_s))
            self._fence.throttle(share)
            self._ask(request)
        except OSError as error:
            self.kill()
            self.release()
            raise _not_started() from error
        finally:
            threading.Thread(target=self._reap, name=f"reap-{name}", daemon=True).start()

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`."""
        if self._fence:
            self._fence.throttle(share)

    def freeze(self) -> None:
        """Stop all use of CPU before returning."""
        if self._fence:
            self._fence.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        if self._fence:
            self._fence.thaw()

    def kill(self) -> None:
        """End it at once, frozen or not."""
        self._signal(signal.SIGKILL)
        if self._fence:
            self._fence.let_die()

    def nudge(self) -> None:
        """WebAssembly has no signals: its task looks for a request by itself."""

    def wait(self, timeout_s: float) -> Exit | None:
        """Return how it ended, or None where it still runs after `timeout_s`."""
        return self._exit if self._reaped.wait(timeout_s) else None

    def cpu_s(self) -> float | None:
        """CPU seconds used so far; exact once it has ended."""
        return self._final_cpu_s if self._reaped.is_set() else self._cpu_now_s()

    def wants_cpu(self) -> bool:
        """Whether a thread of it is ready to run, or is held by a turn of the duty cycle."""
        threads = thread_ids(self._child.pid)  # wasmtime has further ones for files
        return any(thread_state(thread_id) in ("R", "T") for thread_id in threads)

    def peak_memory_bytes(self) -> int | None:
        """The most memory held so far, the host's own included."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{self._child.pid}/status").read_text("ascii")
            self._peak_bytes = int(status.split("VmHWM:")[1].split()[0]) * 1024
        return self._peak_bytes

    def process_ids(self) -> list[int]:
        """The host process; a module starts none."""
        return [self._child.pid]

    def release(self) -> None:
        """Give back what its fence holds."""
        if self._fence:
            self._fence.release()

    def _spawn(self) -> subprocess.Popen[bytes]:
        places = (_library_folder(), str(_PROGRAM_FOLDER))
        command = [sys.executable, "-I", "-S", str(_HOST), str(os.getpid()), *places]
        pipe = subprocess.PIPE
        try:
            return _spawner.submit(
                lambda: subprocess.Popen(
                    command, stdin=pipe, stdout=pipe, stderr=pipe, env={}, start_new_session=True
                )
            ).result()
        except OSError as error:
            raise _not_started() from error

    def _await_fence(self) -> None:
        """Wait until it cannot outlive this process; paused before, it would stay for ever."""
        assert self._child.stdout is not None  # noqa: S101 - it was asked for as a pipe
        ready, _, _ = select.select([self._child.stdout], [], [], _FENCE_TIMEOUT_S)
        if not ready or self._child.stdout.readline(_ANSWER_BYTES) != _FENCED:
            raise TimeoutError("no fence")

    def _drain(self, name: str) -> LogTail:
        assert self._child.stderr is not None  # noqa: S101 - it was asked for as a pipe
        return LogTail(os.dup(self._child.stderr.fileno()), name, self._flood)

    def _flood(self) -> None:
        self._flooded = True
        self.kill()

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it was asked for as a pipe
        packed = marshal.dumps(request)
        self._child.stdin.write(len(packed).to_bytes(_LENGTH_BYTES, "little") + packed)
        self._child.stdin.flush()

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if not self._reaped.is_set():
                os.kill(self._child.pid, number)

    def _cpu_now_s(self) -> float:
        try:  # the process's CPU-time clock, see clock_getcpuclockid(3)
            return time.clock_gettime(~self._child.pid << 3 | 2)
        except OSError:
            return self._final_cpu_s

    def _reap(self) -> None:
        child = self._child
        assert child.stdout is not None  # noqa: S101 - it was asked for as a pipe
        untrusted_answer = child.stdout.read(_ANSWER_BYTES)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        if self._fence:
            self._fence.let_die()
        log_tail = self._log.text(_LOG_TIMEOUT_S)
        with self._lock:  # no signal can go to a process that took over the number
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self._final_cpu_s = used.ru_utime + used.ru_stime
            self._exit = self._read_exit(untrusted_answer, log_tail)
            self._reaped.set()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()

    def _read_exit(self, untrusted_answer: bytes, log_tail: str) -> Exit:
        if self._flooded:
            return Exit(Ending.FAILED, explanations.FLOODED, log_tail)
        answer = _ANSWER.match(untrusted_answer)
        if answer is None:
            return Exit(Ending.BROKEN, explanations.ENGINE_GONE, log_tail)
        kind, code = answer["kind"], int(answer["status"])
        self._peak_bytes = max(self._peak_bytes, int(answer["peak_bytes"]))
        if kind == b"trap":
            reason = answer["reason"].decode("utf-8", "replace")
            return Exit(Ending.FAILED, explanations.trap(reason), log_tail)
        if kind != b"exit":
            full = code in (errno.ENOSPC, errno.EDQUOT)
            why = explanations.DISK_FULL if full else explanations.ENGINE_GONE
            return Exit(Ending.BROKEN, why, log_tail)
        if code == 0:
            return Exit(Ending.FINISHED, None, log_tail)
        return Exit(Ending.FAILED, explanations.exit_status(code), log_tail)


@cache
def _library_folder() -> str:
    """Return where wasmtime is installed, without importing it."""
    found = find_spec("wasmtime")
    if found is None or found.origin is None:
        raise _not_started()
    return str(Path(found.origin).parents[1])


def _not_started() -> UnavailableError:
    return UnavailableError(
        "The process for a WebAssembly task could not be started; free some memory and try again.",
        "无法启动 WebAssembly 任务的进程；请释放一些内存后重试。",
    )
