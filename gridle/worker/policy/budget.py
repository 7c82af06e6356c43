"""How much of the machine tasks may use: one half of the owner's limits, set twice."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.limit_meta import NO_LIMIT, about

NetworkKind = Literal["wired", "wifi", "mobile"]
CoreKind = Literal["any", "performance", "efficiency"]
ProgramName = Annotated[str, Meta(min_length=1, max_length=255)]


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the machine all tasks together may use."""

    cpu_percent: Annotated[
        int,
        about(
            Sentence("Share of each core", "每个核心的占用比例"),
            unit="%",
            least=1,
            most=100,
            example="50",
            help=Sentence(
                "Tasks get this share of each allowed core's time, in every quarter of a second.",
                "在每四分之一秒内，任务最多占用每个允许核心的这一比例的时间。",
            ),
        ),
    ]
    cores: Annotated[
        int,
        about(
            Sentence("Cores", "核心数"),
            unit="cores",
            least=1,
            most=4096,
            example="2",
            help=Sentence(
                "All tasks together are kept to this many logical cores.",
                "所有任务合计最多使用这么多逻辑核心。",
            ),
        ),
    ]
    memory_mib: Annotated[
        int,
        about(
            Sentence("Memory", "内存"),
            unit="MiB",
            least=64,
            most=2**24,
            example="2048",
            help=Sentence(
                "All tasks together hold no more memory than this.",
                "所有任务合计占用的内存不超过此值。",
            ),
        ),
    ]
    core_kind: Annotated[
        CoreKind,
        about(
            Sentence("Kind of cores", "核心类型"),
            choices={
                "any": Sentence("Any", "任意"),
                "performance": Sentence("Performance", "性能核"),
                "efficiency": Sentence("Efficiency", "能效核"),
            },
            help=Sentence(
                "Counts only where this computer has performance and efficiency cores.",
                "仅在这台电脑同时有性能核和能效核时起作用。",
            ),
        ),
    ] = "any"
    gpu_percent: Annotated[
        int,
        about(
            Sentence("Share of graphics cards", "显卡占用比例"),
            unit="%",
            least=0,
            most=100,
            zero=Sentence("none", "不使用"),
            example="50",
            help=Sentence(
                "Tasks get this share of each graphics card's time; at 0 they get no card.",
                "任务最多占用每块显卡的这一比例的时间；为 0 时不使用显卡。",
            ),
        ),
    ] = 0
    """0: no task gets a graphics card."""
    gpus: Annotated[
        tuple[ProgramName, ...],
        about(
            Sentence("Graphics cards, by id", "显卡编号"),
            most=64,
            example="GPU-5d1c1f86-02a4-3be0-9e0c-7a1c55d2b3f4",
            help=Sentence(
                "Only these cards are used, such as GPU-5d1c…; none named means all.",
                "只使用这些显卡，例如 GPU-5d1c…；不填即全部。",
            ),
        ),
    ] = ()
    download_kib_s: Annotated[
        int,
        about(
            Sentence("Download speed", "下载速度"),
            unit="KiB/s",
            least=0,
            most=2**24,
            zero=NO_LIMIT,
            example="1024",
            help=Sentence(
                "Gridle fetches tasks and their data no faster than this.",
                "Gridle 获取任务及其数据的速度不超过此值。",
            ),
        ),
    ] = 0
    upload_kib_s: Annotated[
        int,
        about(
            Sentence("Upload speed", "上传速度"),
            unit="KiB/s",
            least=0,
            most=2**24,
            zero=NO_LIMIT,
            example="256",
            help=Sentence(
                "Gridle sends results no faster than this.", "Gridle 发送结果的速度不超过此值。"
            ),
        ),
    ] = 0
    cpu_max_c: Annotated[
        int,
        about(
            Sentence("Hottest processor", "处理器最高温度"),
            unit="°C",
            least=40,
            most=110,
            help=Sentence(
                "Work slows down as the processor nears this, and stops above it.",
                "处理器接近此温度时减速，超过时停止。",
            ),
        ),
    ] = 85
    gpu_max_c: Annotated[
        int,
        about(
            Sentence("Hottest graphics card", "显卡最高温度"),
            unit="°C",
            least=40,
            most=110,
            help=Sentence(
                "Work slows down as a graphics card nears this, and stops above it.",
                "显卡接近此温度时减速，超过时停止。",
            ),
        ),
    ] = 80
    networks: Annotated[
        tuple[NetworkKind, ...],
        about(
            Sentence("Networks", "网络"),
            most=3,
            choices={
                "wired": Sentence("Wired", "有线"),
                "wifi": Sentence("Wi-Fi", "无线"),
                "mobile": Sentence("Mobile", "移动网络"),
            },
            help=Sentence(
                "Tasks are fetched and results sent over these kinds of network alone.",
                "只通过这些类型的网络获取任务和发送结果。",
            ),
        ),
    ] = ("wired", "wifi")
