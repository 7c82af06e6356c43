"""A container in its fence: started attached, held to its share, removed in the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from typing import Any

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox import container_argv as argv
from gridle.worker.sandbox.cgroup import Cgroup
from gridle.worker.sandbox.cgroup_place import cgroup_of
from gridle.worker.sandbox.container_begin import has_begun
from gridle.worker.sandbox.container_exit import Facts, began, needs_inspection, reading
from gridle.worker.sandbox.container_fence import ContainerFence, Launch
from gridle.worker.sandbox.container_lifeline import ContainerLifeline
from gridle.worker.sandbox.first_process import FirstProcess
from gridle.worker.sandbox.log_tail import LogTail
from gridle.worker.sandbox.port import Ending, Share
from gridle.worker.sandbox.supervisor import Exit

_COMMAND_TIMEOUT_S = 30.0
_START_TIMEOUT_S = 60.0
_START_POLL_S = 0.01
_LOG_TIMEOUT_S = 5.0
_REMOVE_TRIES = 5
"""An engine refuses to remove a container that is just being stopped by another command."""


class ContainerProcess:
    """One container, from its start to its removal."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._name = launch.place.name
        self._fence: ContainerFence | None = None
        self._group: Cgroup | None = None
        self._first: FirstProcess | None = None
        self._flooded = False
        self._killed = False
        self._removed = False
        self._exit: Exit | None = None
        self._ended = threading.Event()
        for file in (launch.place.cid_file, launch.place.pid_file):
            file.unlink(missing_ok=True)
        command = argv.run_argv(launch.engine, launch.spec, launch.share, launch.place)
        self._lifeline = ContainerLifeline(argv.remove_argv(launch.engine, self._name))
        reader, writer = os.pipe()
        try:
            self._client = self._spawn(command, writer)
        finally:
            os.close(writer)
        self._lifeline.watch_client(self._client.pid)
        self._log = LogTail(reader, self._name, self._flood)
        threading.Thread(target=self._reap, name=f"reap-{self._name}", daemon=True).start()
        self._await_start()

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`."""
        if self._fence and not self._ended.is_set():
            self._fence.throttle(share)

    def freeze(self) -> None:
        """Stop all use of CPU before returning.

        Raises:
            UnavailableError: neither the kernel nor the engine could.
        """
        done = self._fence is not None and self._fence.freeze()
        if not done and not self._ended.wait(1.0):
            raise UnavailableError(
                "The container engine could not pause a task; the task will be ended.",
                "容器引擎无法暂停任务；该任务将被结束。",
            )

    def thaw(self) -> None:
        """Let it go on."""
        if self._fence:
            self._fence.thaw()

    def kill(self) -> None:
        """End and remove it at once, frozen or not."""
        self._killed = True
        if self._group:
            self._group.end_all()
        if self._fence:
            self._fence.let_die()
        self._remove()

    def nudge(self) -> None:
        """Signal its first process where that is surely safe; elsewhere it looks by itself."""
        if self._first:
            self._first.tell(signal.SIGUSR1)

    def wait(self, timeout_s: float) -> Exit | None:
        """Return how it ended, or None where it still runs after `timeout_s`."""
        return self._exit if self._ended.wait(timeout_s) else None

    def cpu_s(self) -> float | None:
        """CPU seconds of all its processes, until its control group is gone."""
        return self._group.cpu_s() if self._group else None

    def wants_cpu(self) -> bool:
        """Whether a thread of it is ready to run, or all are held by a turn of the duty cycle."""
        if self._group is None:
            return False
        with contextlib.suppress(OSError):  # it ended, and the group with it
            return self._group.wants_cpu() or self._group.is_frozen()
        return False

    def peak_memory_bytes(self) -> int | None:
        """The most memory that its control group held."""
        return self._group.peak_memory_bytes() if self._group else None

    def process_ids(self) -> list[int]:
        """Every process in it that can be seen from here."""
        return self._group.process_ids() if self._group else []

    def release(self) -> None:
        """Remove the container, and the lifeline that would have."""
        if self._fence:
            self._fence.let_die()
        if self._first:
            self._first.release()
        for _ in range(_REMOVE_TRIES):
            if self._removed:
                break
            self._remove()
        else:
            return  # the lifeline goes on trying once this process ends
        self._lifeline.end()

    def _spawn(self, command: list[str], writer: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                cwd=self._launch.spec.folder,  # conmon leaves a file `oom` wherever it was started
                env=argv.without_proxies(os.environ),
                start_new_session=True,
            )
        except OSError as error:
            self._lifeline.end()
            raise _not_started(type(error).__name__) from error

    def _await_start(self) -> None:
        """Wait until its program runs, then take hold of its control group."""
        gives_up_s = time.monotonic() + _START_TIMEOUT_S
        while not self._has_begun(pid := self._pid()) and not self._ended.wait(_START_POLL_S):
            if time.monotonic() > gives_up_s:
                self.kill()
                self._lifeline.end()
                raise _not_started("it did not start within a minute")
        if self._ended.is_set():
            if self._exit is not None and self._exit.ending is Ending.BROKEN:
                self.release()
                raise _not_started(self._exit.log_tail[-300:].strip())
            return
        first = FirstProcess(pid) if pid else None
        self._group = self._own_group(pid) if pid else None
        if self._group:
            self._first = first  # it was held before its group was seen to be the container's
        elif first:
            first.release()
        self._fence = ContainerFence(self._launch, self._group)
        if self._group:
            if self._group.thawing:
                self._lifeline.knows_thawing(*self._group.thawing)
            self._fence.throttle(self._launch.share)

    def _has_begun(self, pid: int | None) -> bool:
        if pid is None:
            return False
        begun = has_begun(pid)
        return self._state().get("Status") == "running" if begun is None else begun

    def _pid(self) -> int | None:
        launch = self._launch
        if not launch.engine.is_podman:
            pid = self._state().get("Pid") if launch.place.cid_file.exists() else None
            return pid if isinstance(pid, int) and pid > 0 else None
        with contextlib.suppress(OSError, ValueError):
            return int(launch.place.pid_file.read_text("ascii"))
        return None

    def _own_group(self, pid: int) -> Cgroup | None:
        """Find its control group; None unless its path shows that it is this container's."""
        group = cgroup_of(pid)
        try:
            container_id = self._launch.place.cid_file.read_text("ascii").strip()
        except OSError:
            return None
        path = group and (group.freezer or group.cpuacct)
        return group if path and container_id and container_id in str(path) else None

    def _flood(self) -> None:
        self._flooded = True
        # its words are drained meanwhile: an engine that cannot hand them on cannot end it either
        threading.Thread(target=self.kill, name=f"flood-{self._name}", daemon=True).start()

    def _remove(self) -> None:
        command = argv.remove_argv(self._launch.engine, self._name)
        reply = self._launch.ask(command, _COMMAND_TIMEOUT_S)
        self._removed = reply.status == 0 or "no such container" in reply.stderr.lower()

    def _state(self) -> dict[str, Any]:
        command = argv.inspect_argv(self._launch.engine, self._name)
        reply = self._launch.ask(command, _COMMAND_TIMEOUT_S)
        try:
            state = json.loads(reply.stdout)
        except ValueError:
            return {}
        return state if isinstance(state, dict) else {}

    def _reap(self) -> None:
        status = self._client.wait()
        log_tail = self._log.text(_LOG_TIMEOUT_S)
        self._exit = self._read_exit(status, log_tail)
        self._ended.set()

    def _read_exit(self, status: int, log_tail: str) -> Exit:
        ask_engine = needs_inspection(status) and not self._killed
        state = self._state() if ask_engine else {}
        code, started = state.get("ExitCode"), began(state.get("StartedAt"))
        folder = self._launch.spec.folder
        ending, fault = reading(
            Facts(
                status=status,
                began=self._seems_begun() if started is None else started,
                container_status=code if isinstance(code, int) else None,
                tells_memory=self._launch.engine.is_podman,
                # a file of conmon's, whose note Podman looks for elsewhere
                out_of_memory=bool(state.get("OOMKilled")) or (folder / "oom").exists(),
                flooded=self._flooded,
                killed=self._killed,
                command=str(getattr(self._launch.spec.runtime, "command", ("",))[0]),
            )
        )
        return Exit(ending, fault, log_tail)

    def _seems_begun(self) -> bool:
        return self._group is not None or self._launch.place.pid_file.exists()


def _not_started(reason: str) -> UnavailableError:
    said = ascii(reason)[1:-1]
    return UnavailableError(
        f"The container engine could not start a task ({said}); check it with `podman info`.",
        f"容器引擎无法启动任务（{said}）；请用 `podman info` 检查。",
    )
