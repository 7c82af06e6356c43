"""The ways out of all networked tasks of this worker: who may have one, how much they move.

A task's container stands in a namespace that holds its own loopback device and, on it, one proxy;
there is no route to anywhere. What the proxy lets through is in `net_policy` and `net_request`.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from gridle.market.protocol.errors import GridleError, RefusedError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.net_policy import public_name
from gridle.worker.sandbox.net_process import Moved, NetProcess, Rates
from gridle.worker.sandbox.port import TaskSpec

MOST_BYTES = 2**36
"""One task's, both ways together; the owner's monthly volume ends far below."""


class NetDoors:
    """`prefix`: see `NetProcess`; None chooses by the engine."""

    def __init__(self, prefix: tuple[str, ...] | None = None) -> None:
        self._prefix = prefix
        self._lock = threading.Lock()
        self._open: dict[str, NetProcess] = {}
        self._before = Moved()
        self._rates = Rates()

    def open(self, spec: TaskSpec, engine: Engine) -> str | None:
        """Start a task's proxy; return its namespace's path, None for a task without network.

        Raises:
            GridleError: the proxy cannot run here, or the task names a host that no task may reach.
        """
        if not spec.network_allow:
            return None
        obstacle = why_not(engine, spec)
        if obstacle is not None:
            raise obstacle
        prefix = self._prefix if self._prefix is not None else _prefix(engine)
        allow = tuple(name for each in spec.network_allow if (name := public_name(each)))
        door = NetProcess(allow, MOST_BYTES, Rates(), prefix)
        with self._lock:
            self._open[spec.name] = door
            self._share()
        return door.space

    def close(self, name: str) -> None:
        """End a task's proxy; nothing to do for a task without one."""
        with self._lock:
            door = self._open.get(name)
        if door is None:
            return
        moved = door.end()
        with self._lock:
            if self._open.pop(name, None) is not None:
                self._before = self._before.plus(moved)
                self._share()

    def space(self, name: str) -> str | None:
        """Return the path of a running task's namespace; None for a task without network."""
        with self._lock:
            door = self._open.get(name)
        return door.space if door else None

    def moved(self, name: str) -> Moved:
        """What a running task has moved."""
        with self._lock:
            door = self._open.get(name)
        return door.moved if door else Moved()

    def transferred(self) -> Moved:
        """What all tasks have moved since the worker's start; it never falls."""
        with self._lock:
            total = self._before
            for door in self._open.values():
                total = total.plus(door.moved)
            return total

    def limit(self, rates: Rates) -> None:
        """Hold all tasks together to these rates from now on, in equal parts."""
        with self._lock:
            self._rates = rates
            self._share()

    def _share(self) -> None:
        for door in self._open.values():
            door.limit(
                Rates(
                    _part(self._rates.sent_bytes_s, len(self._open)),
                    _part(self._rates.received_bytes_s, len(self._open)),
                )
            )


def _part(rate: int | None, doors: int) -> int | None:
    return max(1, rate // doors) if rate else rate


def _prefix(engine: Engine) -> tuple[str, ...]:
    return (engine.program, "unshare") if engine.rootless else ()


def gives_network(engine: Engine) -> Sentence | None:
    """Return why tasks in this engine can have no network, or None where they can."""
    if not engine.is_podman:
        return Sentence(
            "Docker cannot place a task beside Gridle's proxy before it runs, so tasks have no "
            "network here; install Podman for tasks that need one.",
            "Docker 无法在任务运行前将其置于 Gridle 代理旁，故本机任务没有网络；"
            "如需网络请安装 Podman。",
        )
    if not Path("/proc/self/ns/net").exists():
        return Sentence(
            "This system keeps containers in a virtual machine, where Gridle's proxy does not run, "
            "so tasks have no network here; leave tasks that need one to Linux machines.",
            "本系统的容器运行于虚拟机中，Gridle 的代理不在其中，故本机任务没有网络；"
            "需要网络的任务请交给 Linux 机器。",
        )
    if not engine.rootless and os.geteuid() != 0:
        return Sentence(
            "This worker is not root but its engine is, so tasks have no network here; "
            "use Podman without root.",
            "工作端不是 root 而引擎是，故本机任务没有网络；请使用无 root 的 Podman。",
        )
    return None


def why_not(engine: Engine, spec: TaskSpec) -> GridleError | None:
    """Return why this task can have no network here, or None where it can."""
    if spec.isolation == "gvisor" or engine.runtime == "runsc":
        return RefusedError(
            "This task asks for gVisor and for a network; gVisor's own network cannot reach "
            "Gridle's proxy, so the task is given back.",
            "此任务要求 gVisor 又要求网络；gVisor 自带的网络无法连到 Gridle 的代理，任务将被退回。",
        )
    for name in spec.network_allow:
        if public_name(name) is None:
            said = ascii(name[:100])
            return RefusedError(
                f"This task wants to reach {said}, which is no host of the public internet; "
                "its requestor must name another.",
                f"此任务要访问 {said}，它不是公共互联网上的主机；需由发布者另行指定。",
            )
    reason = gives_network(engine)
    return None if reason is None else RefusedError(reason.en, reason.zh)
