"""What tasks may do on this machine beyond computing, and how they are fenced."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.limit_meta import about

AskFirst = Literal["never", "special", "always"]
GvisorUse = Literal["asked", "found", "required"]


class TaskRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner's word on tasks of strangers."""

    ask_first: Annotated[
        AskFirst,
        about(
            Sentence("Ask me before a new job", "新作业运行前询问我"),
            choices={
                "never": Sentence("never", "从不"),
                "special": Sentence("if it wants network or a card", "需要网络或显卡时"),
                "always": Sentence("always", "总是"),
            },
            help=Sentence(
                "You are told who published it, what it computes and what it may use; other work "
                "goes on meanwhile.",
                "您会看到发布者、计算内容及所需权限；其间其他工作照常进行。",
            ),
        ),
    ] = "special"
    network: Annotated[
        bool,
        about(
            Sentence("Tasks may reach the hosts that they name", "允许任务访问其指定的主机"),
            help=Sentence(
                "Through Gridle's proxy, and never anything in your own network; off, tasks have "
                "no network at all.",
                "仅通过 Gridle 代理，绝不访问您的局域网；关闭时任务完全没有网络。",
            ),
        ),
    ] = False
    gvisor: Annotated[
        GvisorUse,
        about(
            Sentence("Second fence (gVisor) around containers", "容器的第二道隔离（gVisor）"),
            choices={
                "asked": Sentence("for jobs that ask for it", "作业要求时"),
                "found": Sentence("wherever it works", "可用时一律使用"),
                "required": Sentence("required: no container without it", "必须：否则不运行容器"),
            },
            help=Sentence(
                "Containers then never speak to this computer's kernel themselves; they start "
                "slower and read files slower.",
                "容器不再直接与本机内核交互；启动和读写文件会变慢。",
            ),
        ),
    ] = "asked"
    images_mib: Annotated[
        int,
        about(
            Sentence("Disk for container images", "容器镜像可用磁盘"),
            unit="MiB",
            least=256,
            most=2**30,
            help=Sentence(
                "Images that Gridle fetched are kept for the next task up to this; those not used "
                "for longest go first.",
                "Gridle 获取的镜像在此限额内保留供后续任务使用；最久未用的先删除。",
            ),
        ),
    ] = 8 * 1024
