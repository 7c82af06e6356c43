"""Whether gVisor (runsc) really runs here, and how each engine is asked for it.

Its tasks are given no network by its own setting too: what it has of its own then is a loopback
device. Builds of before 2025 do not start at all without that on newer kernels, where they take an
empty network namespace for the machine's own.
"""

from __future__ import annotations

from typing import Any

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Ask, GVisor, Reply, Which

_TIMEOUT_S = 20.0
_NO_NETWORK = "network=none"
_OUR_FILTER = "oci-seccomp"
"""Without it, gVisor does not apply our filter of system calls: its own kernel then has user
namespaces, io_uring and more for a task to try."""
_INSTALL = "`sudo runsc install -- --network=none --oci-seccomp && sudo systemctl restart docker`"

_ABSENT = Sentence(
    "gVisor is not installed; jobs that demand it go elsewhere. To take them, install runsc "
    "(on Debian or Ubuntu: `sudo apt install runsc`; else gvisor.dev/docs/user_guide/install).",
    "未安装 gVisor，要求它的作业将由他人承接。若要承接，请安装 runsc"
    "（Debian 或 Ubuntu：`sudo apt install runsc`；"
    "其他系统见 gvisor.dev/docs/user_guide/install）。",
)
_NEEDS_ROOT = Sentence(
    "gVisor is installed, but without root it cannot be held to limits of memory; run the worker "
    "as root to take jobs that demand it.",
    "已安装 gVisor，但非 root 时无法限制其内存；要承接需要它的作业，请以 root 运行工作程序。",
)
_NOT_IN_DOCKER = Sentence(
    "Docker was not told of gVisor; jobs that demand it go elsewhere. To take them, install runsc "
    f"and run {_INSTALL}.",
    f"Docker 未配置 gVisor，要求它的作业将由他人承接。若要承接，请安装 runsc 并运行 {_INSTALL}。",
)
_NETWORKED_IN_DOCKER = Sentence(
    "Docker's gVisor has a network of its own; jobs that demand gVisor go elsewhere. To take "
    f"them, run {_INSTALL}.",
    f"Docker 的 gVisor 自带网络，要求 gVisor 的作业将由他人承接。若要承接，请运行 {_INSTALL}。",
)


def find_gvisor(ask: Ask, which: Which, *, rootless: bool) -> tuple[GVisor | None, Sentence]:
    """Return gVisor for Podman, tried out on a small program; or None, and what to do."""
    program = which("runsc")
    if program is None:
        return None, _ABSENT
    if rootless:
        return None, _NEEDS_ROOT
    version = _version(ask([program, "--version"], _TIMEOUT_S))
    tried = ask(
        [program, f"--{_NO_NETWORK}", f"--{_OUR_FILTER}", "--ignore-cgroups", "do", "/bin/true"],
        _TIMEOUT_S,
    )
    if tried.status != 0:
        return None, _fails(version, tried)
    return GVisor(version, program, (_NO_NETWORK, _OUR_FILTER)), _works(version)


def look_in_docker(
    untrusted_info: dict[str, Any], ask: Ask, which: Which
) -> tuple[GVisor | None, Sentence]:
    """Return the gVisor that a Docker daemon names; or None, and what to do.

    It is known by its name or path, since the daemon may be on another machine or in a virtual one.
    """
    runtimes: dict[str, dict[str, Any]] = untrusted_info.get("Runtimes") or {}
    for name, runtime in sorted(runtimes.items()):
        if "runsc" in name or "runsc" in str(runtime.get("path", "")):
            arguments = [str(each).lstrip("-") for each in runtime.get("runtimeArgs") or []]
            if _NO_NETWORK not in arguments:
                return None, _NETWORKED_IN_DOCKER
            known = which("runsc")
            version = _version(ask([known, "--version"], _TIMEOUT_S)) if known else "?"
            return GVisor(version, name), _works(version)
    return None, _NOT_IN_DOCKER


def _version(reply: Reply) -> str:
    """Read `runsc version release-20240513.0`, its first line."""
    words = reply.stdout.split("\n", 1)[0].split()
    return ascii(words[-1][:60])[1:-1] if words else "?"


def _works(version: str) -> Sentence:
    return Sentence(
        f"gVisor {version} works: jobs that demand it can run here.",
        f"gVisor {version} 可用：要求它的作业可在本机运行。",
    )


def _fails(version: str, tried: Reply) -> Sentence:
    words = tried.last_words
    return Sentence(
        f"gVisor {version} is installed but cannot run a program here ({words}); jobs that demand "
        "it go elsewhere.",
        f"已安装 gVisor {version}，但无法在本机运行程序（{words}）；要求它的作业将由他人承接。",
    )
