"""Looks at Docker, through what its daemon says of itself (`docker info`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.cdi import cards_said, find_cards
from gridle.worker.sandbox.engine import Ask, Engine, GVisor, Which
from gridle.worker.sandbox.engine_limits import broken, unenforceable
from gridle.worker.sandbox.engine_podman import cgroup_parent
from gridle.worker.sandbox.gvisor import look_in_docker

_INFO_TIMEOUT_S = 30.0
_UNLIMITED = 2**20
_REASON = Sentence("the Docker daemon chooses its own runtime", "由 Docker 守护进程自行选择")


def find_docker(ask: Ask, which: Which) -> Engine | Sentence:
    """Return Docker as it is here, or why it cannot be used and what to do."""
    reply = ask(["docker", "info", "--format", "{{json .}}"], _INFO_TIMEOUT_S)
    if reply.status != 0:
        return broken("Docker", reply.last_words)
    try:
        untrusted_info: dict[str, Any] = json.loads(reply.stdout)
        if untrusted_info.get("ServerErrors"):
            return broken("Docker", ascii(str(untrusted_info["ServerErrors"][0])[:300])[1:-1])
        found = _engine(untrusted_info, *look_in_docker(untrusted_info, ask, which))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return broken("Docker", "its answer could not be understood")
    fault = unenforceable(
        found,
        limits_memory=bool(untrusted_info.get("MemoryLimit", True)),
        limits_pids=bool(untrusted_info.get("PidsLimit", True)),
    )
    return fault or found


def _engine(untrusted_info: dict[str, Any], gvisor: GVisor | None, gvisor_said: Sentence) -> Engine:
    options = [str(each) for each in untrusted_info.get("SecurityOptions") or []]
    rootless = any("rootless" in each for each in options)
    # the daemon names its folders only where it takes such names at all (Docker 25 and later)
    folders = [Path(str(each)) for each in untrusted_info.get("CDISpecDirs") or []]
    cards = find_cards(folders)
    return Engine(
        program="docker",
        version=str(untrusted_info["ServerVersion"]),
        runtime=None,
        runtime_reason=_REASON,
        runtime_name=str(untrusted_info.get("DefaultRuntime", "?")),
        rootless=rootless,
        has_cpu_controller=bool(untrusted_info.get("CpuCfsQuota", True)),
        has_cpuset_controller=bool(untrusted_info.get("CPUSet", True)),
        cgroup_parent=cgroup_parent(str(untrusted_info.get("CgroupDriver")), rootless=rootless),
        cgroup_version=1 if untrusted_info.get("CgroupVersion") == "1" else 2,
        limits_swap=bool(untrusted_info.get("SwapLimit", True)),
        nofile_ceiling=_UNLIMITED,
        nproc_ceiling=_UNLIMITED,
        remaps_users=any("name=userns" in each for each in options),
        labels=_labels(options),
        gvisor=gvisor,
        gvisor_said=gvisor_said,
        cards=cards,
        cards_said=cards_said(cards),
    )


def _labels(options: list[str]) -> str:
    for word, name in (("selinux", "SELinux"), ("apparmor", "AppArmor")):
        if any(word in each for each in options):
            return name
    return ""
