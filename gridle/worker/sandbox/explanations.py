"""The plain sentences with which tasks end."""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence

STOPPED = Sentence(
    "This task was stopped by this worker; it can be started again.",
    "此任务已由本机停止；可以重新开始。",
)
ENGINE_GONE = Sentence(
    "The process that held this task ended unexpectedly; the task will be tried again.",
    "承载此任务的进程意外结束；该任务将重试。",
)
KILLED_FROM_OUTSIDE = Sentence(
    "This machine ended the task, as it does where memory runs out; the task will be tried again.",
    "本机结束了此任务（内存耗尽时会如此）；该任务将重试。",
)
FLOODED = Sentence(
    "This task printed far more than a log should hold and was ended; its requestor must fix it.",
    "此任务打印的日志过多，已被结束；需由发布者修正。",
)
OUT_OF_MEMORY = Sentence(
    "This task needed more memory than its manifest names and was ended; "
    "its requestor must ask for more.",
    "此任务所需内存超出清单所列，已被结束；发布者需申请更多内存。",
)
FORBIDDEN = Sentence(
    "This task made a system call that no task may make, and was ended; "
    "its requestor must correct it.",
    "此任务进行了任何任务都不允许的系统调用，已被结束；需由发布者修正。",
)
FILE_TOO_LARGE = Sentence(
    "This task tried to make a file larger than any of its limits and was ended; "
    "its requestor must allow more or write less.",
    "此任务试图写入超过其所有上限的文件，已被结束；发布者需提高上限或减少写入。",
)
DISK_FULL = Sentence(
    "This machine's disk is full, so the task was stopped; free some space and it is tried again.",
    "本机磁盘已满，任务已停止；请腾出空间，任务将重试。",
)

CHECKPOINT_DAMAGED = Sentence(
    "A task's saved state on this machine was damaged and set aside; the task goes on from an "
    "older one, or begins again.",
    "本机保存的某个任务状态已损坏并被另存；该任务将从更早的状态继续，或重新开始。",
)


def exit_status(code: int) -> Sentence:
    """Return the sentence for a task that ended with a status other than 0."""
    return Sentence(
        f"This task failed with exit status {code}; its requestor can see its last lines.",
        f"此任务失败，退出状态为 {code}；发布者可以看到它的最后几行输出。",
    )


def wall_limit(limit_s: float) -> Sentence:
    """Return the sentence for a task that ran for too long."""
    return Sentence(
        f"This task ran longer than its limit of {limit_s:g} seconds and was ended; "
        "its requestor must allow more time or split it.",
        f"此任务运行超过 {limit_s:g} 秒的时限，已被结束；发布者需放宽时限或拆分任务。",
    )


def output_bytes(limit_bytes: int) -> Sentence:
    """Return the sentence for output that is too large."""
    return Sentence(
        f"This task wrote more than its limit of {limit_bytes} bytes of output; "
        "its requestor must allow more or write less.",
        f"此任务的输出超过 {limit_bytes} 字节的上限；发布者需提高上限或减少输出。",
    )


def output_files(limit: int) -> Sentence:
    """Return the sentence for output in too many files."""
    return Sentence(
        f"This task wrote more than its limit of {limit} output files; "
        "its requestor must allow more or write fewer.",
        f"此任务的输出文件超过 {limit} 个；发布者需提高上限或减少文件数。",
    )


def output_kind(untrusted_name: str) -> Sentence:
    """Return the sentence for something in the output that is not a plain file, plainly named."""
    name = ascii(untrusted_name[:100])
    return Sentence(
        f"This task left {name} in its output, which is not a plain file with a plain name; "
        "its requestor must write plain files only.",
        f"此任务在输出中留下了 {name}，它不是名称规范的普通文件；发布者只能写入普通文件。",
    )


def checkpoint_kind(untrusted_name: str) -> Sentence:
    """Return the sentence for something in the checkpoint folder that does not belong there."""
    name = ascii(untrusted_name[:100])
    return Sentence(
        f"This task left {name} in its checkpoint folder, where only plain files named state, "
        "state.new and save may be; its requestor must correct it.",
        f"此任务在检查点文件夹中留下了 {name}；那里只能有名为 state、state.new 和 save 的普通文件，"
        "需由发布者修正。",
    )


def checkpoint_bytes(limit_bytes: int) -> Sentence:
    """Return the sentence for a saved state that is too large."""
    return Sentence(
        f"This task saved more than its limit of {limit_bytes} bytes of state; "
        "its requestor must allow more or save less.",
        f"此任务保存的状态超过 {limit_bytes} 字节的上限；发布者需提高上限或减少状态。",
    )


def trap(untrusted_reason: str) -> Sentence:
    """Return the sentence for a WebAssembly trap or a module that cannot be run."""
    reason = ascii(untrusted_reason[:200])
    return Sentence(
        f"This task's program broke off ({reason}); its requestor must correct it.",
        f"此任务的程序中断（{reason}）；需由发布者修正。",
    )


def command_missing(untrusted_command: str) -> Sentence:
    """Return the sentence for an image that lacks its command."""
    command = ascii(untrusted_command[:100])
    return Sentence(
        f"This task's image cannot run the command {command}; its requestor must correct it.",
        f"此任务的镜像无法运行命令 {command}；需由发布者修正。",
    )
