"""What the agent tells people, in one place."""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence

STARTING = Sentence("The worker is starting.", "工作端正在启动。")
PREPARING = Sentence(
    "Getting the next task ready: its program and inputs are being fetched and checked.",
    "正在准备下一个任务：获取并校验其程序和输入。",
)
LOOKING = Sentence("Ready and looking for work at the market.", "已就绪，正在向市场寻找任务。")
NO_RUNTIME = Sentence(
    "No kind of task can run on this machine; `gridle worker doctor` says what is missing.",
    "本机无法运行任何类型的任务；运行 `gridle worker doctor` 查看缺少什么。",
)
ENDING = Sentence("The worker is ending; start it again.", "工作端正在退出；请重新启动。")


def machine_fault(detail: str) -> Sentence:
    """Say that this machine, not the task, failed."""
    return Sentence(
        f"This machine could not do it ({detail}); check its disk and permissions.",
        f"本机未能完成此操作（{detail}）；请检查磁盘与权限。",
    )


def task_fault(title: str, reason: Sentence) -> Sentence:
    """Say which task failed, and why."""
    return Sentence(
        f"A task of “{title}” failed: {reason.en}", f"“{title}”的一个任务失败：{reason.zh}"
    )


def not_counted(title: str, reason: Sentence) -> Sentence:
    """Say that a result was not paid, and why."""
    return Sentence(
        f"A result of “{title}” did not count: {reason.en}",
        f"“{title}”的一个结果未被计入：{reason.zh}",
    )
