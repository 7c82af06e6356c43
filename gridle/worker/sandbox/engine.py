"""Which container engine this machine has, and the quirks that its command lines must know."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.common_group import PLAIN_NAME, SLICE_NAME

_INFO_TIMEOUT_S = 30.0
_UNLIMITED = 2**20


@dataclass(frozen=True)
class Engine:
    """A working engine."""

    program: str
    """`podman` or `docker`."""
    version: str
    runtime: str | None
    """The OCI runtime to ask for; None takes the engine's own choice."""
    runtime_reason: str
    rootless: bool
    has_cpu_controller: bool
    """Whether the engine may limit CPU (rootless engines need it delegated)."""
    has_cpuset_controller: bool
    """Whether the engine may keep containers to some cores (often not delegated)."""
    takes_io_weight: bool
    """Podman never: it warns among a task's own words, and its groups' files say the same."""
    cgroup_parent: str | None
    """Where it is to make containers' control groups, so that all tasks' stand below one; None
    where it chooses: below the group of a rootless engine without systemd."""
    nofile_ceiling: int
    """Hard limits of this process: an unprivileged engine cannot raise them."""
    nproc_ceiling: int

    @property
    def is_podman(self) -> bool:
        """Podman has flags that Docker lacks."""
        return self.program == "podman"


@dataclass(frozen=True)
class Reply:
    """What an engine's command line answered."""

    status: int
    stdout: str
    stderr: str

    @property
    def last_words(self) -> str:
        """The last line of its complaint, short enough for a sentence."""
        lines = self.stderr.strip().splitlines()
        return ascii(lines[-1][-300:])[1:-1] if lines else f"exit status {self.status}"


Ask = Callable[[list[str], float], Reply]
"""Runs an argv with a timeout in seconds."""


def ask_program(argv: list[str], timeout_s: float) -> Reply:
    """Run an engine's command; a missing program or a timeout is an answer too."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,
        )
    except FileNotFoundError:
        return Reply(127, "", f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Reply(124, "", f"{argv[0]} did not answer within {timeout_s:g} s")
    return Reply(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )


def find_engine(
    ask: Ask = ask_program, which: Callable[[str], str | None] = shutil.which
) -> Engine | Sentence:
    """Return the first engine that works, Podman before Docker, or what to do to have one."""
    complaints: list[str] = []
    for program, look in (("podman", _look_at_podman), ("docker", _look_at_docker)):
        if which(program) is None:
            continue
        found = look(ask, which)
        if isinstance(found, Engine):
            return found
        complaints.append(f"{program}: {found}")
    if not complaints:
        return Sentence(
            "Container tasks need an engine: install Podman (on Debian or Ubuntu: "
            "sudo apt install podman).",
            "容器任务需要容器引擎：请安装 Podman（Debian 或 Ubuntu：sudo apt install podman）。",
        )
    said = "; ".join(complaints)
    return Sentence(
        f"A container engine is installed but does not work ({said}); start or repair it.",
        f"已安装容器引擎但无法工作（{said}）；请启动或修复它。",
    )


def _look_at_podman(ask: Ask, which: Callable[[str], str | None]) -> Engine | str:
    runtime, reason = choose_runtime(which, hybrid_cgroups=_has_hybrid_cgroups())
    runtime_flags = ["--runtime", runtime] if runtime else []
    reply = ask(["podman", *runtime_flags, "info", "--format", "json"], _INFO_TIMEOUT_S)
    if reply.status != 0:
        return reply.last_words
    try:
        info: dict[str, Any] = json.loads(reply.stdout)
        host = info["host"]
        controllers = host.get("cgroupControllers") or []
        return Engine(
            program="podman",
            version=str(info["version"]["Version"]),
            runtime=runtime,
            runtime_reason=reason,
            rootless=bool(host["security"]["rootless"]),
            has_cpu_controller="cpu" in controllers,
            has_cpuset_controller="cpuset" in controllers,
            takes_io_weight=False,
            cgroup_parent=_cgroup_parent(
                str(host.get("cgroupManager")), rootless=bool(host["security"]["rootless"])
            ),
            nofile_ceiling=_ceiling(resource.RLIMIT_NOFILE),
            nproc_ceiling=_ceiling(resource.RLIMIT_NPROC),
        )
    except (ValueError, KeyError, TypeError):
        return "its answer could not be understood"


def _look_at_docker(ask: Ask, which: Callable[[str], str | None]) -> Engine | str:
    del which  # the daemon knows its runtimes
    reply = ask(["docker", "info", "--format", "{{json .}}"], _INFO_TIMEOUT_S)
    if reply.status != 0:
        return reply.last_words
    try:
        info: dict[str, Any] = json.loads(reply.stdout)
        if info.get("ServerErrors"):
            return str(info["ServerErrors"][0])[:300]
        return Engine(
            program="docker",
            version=str(info["ServerVersion"]),
            runtime=None,
            runtime_reason="the Docker daemon chooses its own runtime",
            rootless=_is_rootless_docker(info),
            has_cpu_controller=bool(info.get("CpuCfsQuota", True)),
            has_cpuset_controller=bool(info.get("CPUSet", True)),
            takes_io_weight=not _complains_of_io_weight(info.get("Warnings") or []),
            cgroup_parent=_cgroup_parent(
                str(info.get("CgroupDriver")), rootless=_is_rootless_docker(info)
            ),
            nofile_ceiling=_UNLIMITED,
            nproc_ceiling=_UNLIMITED,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return "its answer could not be understood"


def _is_rootless_docker(info: dict[str, Any]) -> bool:
    return any("rootless" in option for option in info.get("SecurityOptions") or [])


def _cgroup_parent(manager: str, *, rootless: bool) -> str | None:
    if manager == "systemd":
        return SLICE_NAME
    return f"/{PLAIN_NAME}" if manager == "cgroupfs" and not rootless else None


def _complains_of_io_weight(warnings: list[Any]) -> bool:
    """Whether Docker says `No blkio weight support` (version 1) or `No io.weight support`."""
    return any(name in str(line) for line in warnings for name in ("blkio weight", "io.weight"))


def choose_runtime(
    which: Callable[[str], str | None], *, hybrid_cgroups: bool
) -> tuple[str | None, str]:
    """Return the OCI runtime to ask Podman for (None: its own choice), and why."""
    if not hybrid_cgroups:
        return None, "the engine's own choice works with this machine's control groups"
    if which("runc"):
        return "runc", "crun refuses control groups of versions 1 and 2 side by side"
    return None, "control groups are mixed and runc is not installed; crun may refuse"


def _has_hybrid_cgroups(root: Path = Path("/sys/fs/cgroup")) -> bool:
    """Whether version 1 controllers are mounted (then version 2, if any, is only beside them)."""
    return (root / "cpu").is_dir() or (root / "cpu,cpuacct").is_dir()


def _ceiling(which: int) -> int:
    if os.geteuid() == 0 and which == resource.RLIMIT_NPROC:
        return _UNLIMITED
    hard = resource.getrlimit(which)[1]
    return _UNLIMITED if hard == resource.RLIM_INFINITY else hard
