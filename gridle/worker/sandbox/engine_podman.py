"""Looks at Podman: its quirks, as podman-info(1) and the kernel tell them."""

from __future__ import annotations

import json
import os
import re
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.cdi import CDI_FOLDERS, cards_said, find_cards
from gridle.worker.sandbox.common_group import PLAIN_NAME, SLICE_NAME
from gridle.worker.sandbox.engine import Ask, Engine, Which
from gridle.worker.sandbox.engine_limits import broken, unenforceable
from gridle.worker.sandbox.gvisor import find_gvisor
from gridle.worker.sandbox.spare_ids import find_spare_ids

_INFO_TIMEOUT_S = 30.0
_UNLIMITED = 2**20
_FIRST_WITH_CDI = (4, 1)
_CGROUPS = Path("/sys/fs/cgroup")
_SWAP_LIMIT = Path("memory/memory.memsw.limit_in_bytes")


def find_podman(ask: Ask, which: Which) -> Engine | Sentence:
    """Return Podman as it is here, or why it cannot be used and what to do."""
    runtime, reason = choose_runtime(which, hybrid_cgroups=has_hybrid_cgroups())
    runtime_flags = ["--runtime", runtime] if runtime else []
    reply = ask(["podman", *runtime_flags, "info", "--format", "json"], _INFO_TIMEOUT_S)
    if reply.status != 0:
        return broken("Podman", reply.last_words)
    try:
        untrusted_info: dict[str, Any] = json.loads(reply.stdout)
        controllers = {str(each) for each in untrusted_info["host"].get("cgroupControllers") or []}
        found = _engine(untrusted_info, controllers, runtime, reason)
    except (ValueError, KeyError, TypeError, AttributeError):
        return broken("Podman", "its answer could not be understood")
    fault = unenforceable(
        found, limits_memory="memory" in controllers, limits_pids="pids" in controllers
    )
    return fault or _with_extras(found, ask, which)


def choose_runtime(which: Which, *, hybrid_cgroups: bool) -> tuple[str | None, Sentence]:
    """Return the OCI runtime to ask Podman for (None: its own choice), and why."""
    if not hybrid_cgroups:
        return None, Sentence(
            "Podman's own choice works with this machine's control groups",
            "Podman 自身的选择与本机控制组相容",
        )
    if which("runc"):
        return "runc", Sentence(
            "crun refuses control groups of versions 1 and 2 side by side",
            "crun 不接受版本 1 与 2 并存的控制组",
        )
    return None, Sentence(
        "control groups are mixed and runc is not installed, so tasks may not start until you run "
        "`sudo apt install runc`",
        "控制组新旧混用而未安装 runc，任务可能无法启动，请运行 `sudo apt install runc`",
    )


def has_hybrid_cgroups(root: Path = _CGROUPS) -> bool:
    """Whether version 1 controllers are mounted (then version 2, if any, is only beside them)."""
    return (root / "cpu").is_dir() or (root / "cpu,cpuacct").is_dir()


def _engine(
    untrusted_info: dict[str, Any], controllers: set[str], runtime: str | None, reason: Sentence
) -> Engine:
    host = untrusted_info["host"]
    rootless = bool(host["security"]["rootless"])
    cgroup_version = 1 if host.get("cgroupVersion") == "v1" else 2
    return Engine(
        program="podman",
        version=str(untrusted_info["version"]["Version"]),
        runtime=runtime,
        runtime_reason=reason,
        runtime_name=str((host.get("ociRuntime") or {}).get("name", "?")),
        rootless=rootless,
        has_cpu_controller="cpu" in controllers,
        has_cpuset_controller="cpuset" in controllers,
        cgroup_parent=cgroup_parent(str(host.get("cgroupManager")), rootless=rootless),
        cgroup_version=cgroup_version,
        limits_swap=cgroup_version != 1 or (_CGROUPS / _SWAP_LIMIT).exists(),
        nofile_ceiling=_ceiling(resource.RLIMIT_NOFILE),
        nproc_ceiling=_ceiling(resource.RLIMIT_NPROC),
        first_host_id=None if rootless else find_spare_ids(),
        labels=_labels(host["security"]),
    )


def _with_extras(found: Engine, ask: Ask, which: Which) -> Engine:
    gvisor, gvisor_said = find_gvisor(ask, which, rootless=found.rootless)
    numbers = tuple(int(part) for part in re.findall(r"\d+", found.version)[:2])
    cards = find_cards(CDI_FOLDERS) if numbers >= _FIRST_WITH_CDI else frozenset()
    return replace(
        found, gvisor=gvisor, gvisor_said=gvisor_said, cards=cards, cards_said=cards_said(cards)
    )


def cgroup_parent(manager: str, *, rootless: bool) -> str | None:
    """Return where containers' groups are to be made, as each manager names it."""
    if manager == "systemd":
        return SLICE_NAME
    return f"/{PLAIN_NAME}" if manager == "cgroupfs" and not rootless else None


def _labels(security: dict[str, Any]) -> str:
    if security.get("selinuxEnabled"):
        return "SELinux"
    return "AppArmor" if security.get("apparmorEnabled") else ""


def _ceiling(which: int) -> int:
    if os.geteuid() == 0 and which == resource.RLIMIT_NPROC:
        return _UNLIMITED
    hard = resource.getrlimit(which)[1]
    return _UNLIMITED if hard == resource.RLIM_INFINITY else hard
