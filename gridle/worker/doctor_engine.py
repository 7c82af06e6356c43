"""What the doctor says of the container engine: each fact in a sentence, with what to do."""

from __future__ import annotations

from collections.abc import Iterator

from gridle.market.protocol.sentence import Sentence
from gridle.worker.finding import Finding
from gridle.worker.sandbox.container_availability import container_availability
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.engine_limits import CPU_DELEGATION


def engine_findings(found: Engine | Sentence) -> Iterator[Finding]:
    """Yield what there is to say of the engine that was found, or of why none was."""
    available = container_availability(found, "any")
    yield Finding("container", available.works, available.explanation)
    if isinstance(found, Sentence):
        return
    for complaint in found.passed_over:
        yield Finding("container-other", works=True, sentence=complaint)
    yield Finding("container-runtime", works=True, sentence=_runtime(found))
    yield Finding("container-limits", works=True, sentence=_limits(found))
    yield Finding("container-users", works=True, sentence=_users(found))
    if found.labels:
        yield Finding("container-labels", works=True, sentence=_labels(found))
    yield Finding("gvisor", works=True, sentence=found.gvisor_said)
    yield Finding("gpu", works=True, sentence=found.cards_said)


def _runtime(found: Engine) -> Sentence:
    name, reason = found.runtime_name, found.runtime_reason
    return Sentence(
        f"Containers are run by {name}: {reason.en}.", f"容器由 {name} 运行：{reason.zh}。"
    )


def _limits(found: Engine) -> Sentence:
    held = Sentence(
        "Control groups of version "
        f"{found.cgroup_version} hold each task to its memory and processes",
        f"版本 {found.cgroup_version} 的控制组可限制每个任务的内存与进程数",
    )
    if not found.limits_swap:
        return Sentence(
            f"{held.en}, but not its swap: boot with swapaccount=1.",
            f"{held.zh}，但不限制其交换空间：请以 swapaccount=1 启动。",
        )
    if found.has_cpu_controller:
        return Sentence(f"{held.en}, and to its CPU time.", f"{held.zh}以及 CPU 时间。")
    coarser = Sentence(
        f"{held.en}; its CPU time is held by stopping and starting it, which is coarser",
        f"{held.zh}；其 CPU 时间以反复暂停和继续来限制，较为粗略",
    )
    if not found.rootless:  # the kernel has no such control group, and few people build their own
        return Sentence(f"{coarser.en}.", f"{coarser.zh}。")
    return Sentence(
        f"{coarser.en}: to change that run {CPU_DELEGATION}, then log out and in again.",
        f"{coarser.zh}：若要改进，请运行 {CPU_DELEGATION}，然后重新登录。",
    )


def _users(found: Engine) -> Sentence:
    if found.rootless:
        return Sentence(
            f"{found.name} runs without root: a task that breaks out has the worker's own rights "
            "and no more.",
            f"{found.name} 以非 root 方式运行：逃出容器的任务仅有工作程序自身的权限。",
        )
    if found.first_host_id is not None or found.remaps_users:
        return Sentence(
            "Tasks run in a user namespace: a task that breaks out is nobody on this machine.",
            "任务运行于独立的用户命名空间：逃出容器的任务在本机不具任何身份。",
        )
    if found.is_podman:
        return Sentence(
            "Tasks run without a user namespace, because this kernel makes none: set "
            "user.max_user_namespaces above 0 with sysctl.",
            "任务未使用用户命名空间，因为内核未启用："
            "请用 sysctl 将 user.max_user_namespaces 设为大于 0。",
        )
    return Sentence(
        "Tasks run without a user namespace, because Docker has one only for all containers: "
        'set "userns-remap": "default" in /etc/docker/daemon.json, or install Podman.',
        "任务未使用用户命名空间，因为 Docker 只能对所有容器统一启用："
        '请在 /etc/docker/daemon.json 中设置 "userns-remap": "default"，或安装 Podman。',
    )


def _labels(found: Engine) -> Sentence:
    return Sentence(
        f"{found.labels} keeps containers from this machine's files and from each other.",
        f"{found.labels} 隔离容器与本机文件，并使容器彼此隔离。",
    )
