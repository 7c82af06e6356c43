"""Whether an engine can hold a task to its memory and processes: without that there is no fence."""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Engine

CPU_DELEGATION = (
    "`sudo mkdir -p /etc/systemd/system/user@.service.d && printf "
    "'[Service]\\nDelegate=cpu cpuset io memory pids\\n' | "
    "sudo tee /etc/systemd/system/user@.service.d/delegate.conf`"
)
"""What hands the controllers down to users' engines, from the next login on (systemd.unit(5))."""


def broken(name: str, words: str) -> Sentence:
    """Return the sentence for an engine that is there but gives no useful answer."""
    return Sentence(
        f"{name} is installed but does not work ({words}); start or repair it.",
        f"已安装 {name} 但无法工作（{words}）；请启动或修复它。",
    )


def unenforceable(engine: Engine, *, limits_memory: bool, limits_pids: bool) -> Sentence | None:
    """Say why tasks must not run on this engine, and what to do; None where its limits hold.

    A rootless engine may write no control group of version 1, whatever controllers there are: it
    passes over the limits with a warning (podman-run(1), "--memory").
    """
    name = engine.name
    if engine.rootless and engine.cgroup_version == 1:
        return Sentence(
            f"{name} runs without root on control groups of version 1, where it cannot limit a "
            "task's memory and processes: boot with the kernel option "
            "systemd.unified_cgroup_hierarchy=1, or run the worker as root.",
            f"{name} 以非 root 方式运行于版本 1 的控制组，无法限制任务的内存与进程数："
            "请以内核参数 systemd.unified_cgroup_hierarchy=1 启动，或以 root 运行工作程序。",
        )
    if limits_memory and limits_pids:
        return None
    if engine.rootless:
        return Sentence(
            f"{name} runs without root and was not given the control of memory and processes, so "
            f"it cannot limit them: run {CPU_DELEGATION}, then log out and in again.",
            f"{name} 以非 root 方式运行且未获内存与进程数的控制权，无法加以限制："
            f"请运行 {CPU_DELEGATION}，然后重新登录。",
        )
    return Sentence(
        f"{name} cannot limit a task's memory and processes, because this kernel runs without "
        "those control groups: boot it with cgroup_enable=memory, or use another kernel.",
        f"{name} 无法限制任务的内存与进程数，因为内核未启用相应的控制组："
        "请以 cgroup_enable=memory 启动，或更换内核。",
    )
