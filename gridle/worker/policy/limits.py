"""The owner's limits: what this machine may be used for, and when.

Each field carries its bounds, unit, default and a sentence: the command line, the settings file,
its JSON Schema and the app's form are all made from here, and from nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.limit_meta import about

MiB = 2**20
KiB = 2**10
HOURS_A_WEEK_ROW = "#" * 24
KEEP_FREE_MIB = 1024
NetworkKind = Literal["wired", "wifi", "mobile"]
CoreKind = Literal["any", "performance", "efficiency"]

ProgramName = Annotated[str, Meta(min_length=1, max_length=255)]
DayHours = Annotated[str, Meta(pattern=r"^[#.]{24}$(?!\n)")]
"""One local day, an hour a character: `#` may work, `.` may not."""


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the machine all tasks together may use."""

    cpu_percent: Annotated[
        int,
        about(Sentence("Share of each core", "每个核心的占用比例"), unit="%", least=1, most=100),
    ]
    """Share of each allowed core's time."""
    cores: Annotated[int, about(Sentence("Cores", "核心数"), unit="cores", least=1, most=4096)]
    memory_mib: Annotated[int, about(Sentence("Memory", "内存"), unit="MiB", least=64, most=2**24)]
    core_kind: Annotated[
        CoreKind,
        about(Sentence("Kind of cores, where this machine has two", "核心类型（若本机有两种）")),
    ] = "any"
    gpu_percent: Annotated[
        int,
        about(Sentence("Share of graphics cards", "显卡占用比例"), unit="%", least=0, most=100),
    ] = 0
    """0: no task gets a graphics card."""
    gpus: Annotated[
        tuple[ProgramName, ...],
        about(
            Sentence("Graphics cards, by id (none named: all)", "显卡编号（不填即全部）"), most=64
        ),
    ] = ()
    download_kib_s: Annotated[
        int,
        about(
            Sentence("Download speed (0: no limit)", "下载速度（0 为不限）"),
            unit="KiB/s",
            least=0,
            most=2**24,
        ),
    ] = 0
    upload_kib_s: Annotated[
        int,
        about(
            Sentence("Upload speed (0: no limit)", "上传速度（0 为不限）"),
            unit="KiB/s",
            least=0,
            most=2**24,
        ),
    ] = 0
    cpu_max_c: Annotated[
        int, about(Sentence("Hottest processor", "处理器最高温度"), unit="°C", least=40, most=110)
    ] = 85
    gpu_max_c: Annotated[
        int, about(Sentence("Hottest graphics card", "显卡最高温度"), unit="°C", least=40, most=110)
    ] = 80
    networks: Annotated[
        tuple[NetworkKind, ...],
        about(Sentence("Networks that may be used", "可使用的网络"), most=3),
    ] = ("wired", "wifi")


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that an owner can set; the worker never goes over any of it."""

    while_away: Annotated[Budget, about(Sentence("While I am away", "我离开时"))]
    while_in_use: Annotated[Budget, about(Sentence("While I use it", "我使用时"))]
    """Applies while the owner uses the machine and `pause_when_used` is off."""
    pause_when_used: Annotated[bool, about(Sentence("Pause while I use it", "使用时暂停"))] = True
    idle_after_s: Annotated[
        int,
        about(
            Sentence("I am away after no input for", "无操作多久视为离开"),
            unit="s",
            least=1,
            most=86400,
        ),
    ] = 120
    """Seconds since the last input after which the owner counts as away."""
    films_count_as_use: Annotated[
        bool,
        about(
            Sentence(
                "Films, presentations and full screen count as use", "影片、演示和全屏视为使用"
            )
        ),
    ] = True
    run_on_battery: Annotated[bool, about(Sentence("Work on battery", "使用电池时也工作"))] = False
    battery_least_percent: Annotated[
        int,
        about(
            Sentence("On battery, only above", "使用电池时的最低电量"),
            unit="%",
            least=0,
            most=100,
        ),
    ] = 50
    work_in_power_saver: Annotated[
        bool, about(Sentence("Work in the power-saver mode", "省电模式下也工作"))
    ] = False
    foreign_cpu_max_percent: Annotated[
        int,
        about(
            Sentence(
                "Pause while other programs use more of the processor than (100: never)",
                "其他程序占用处理器超过此值时暂停（100 为从不）",
            ),
            unit="%",
            least=1,
            most=100,
        ),
    ] = 60
    memory_pressure_max_percent: Annotated[
        int,
        about(
            Sentence(
                "Pause while programs wait for memory more than (100: never)",
                "程序等待内存的时间超过此值时暂停（100 为从不）",
            ),
            unit="%",
            least=1,
            most=100,
        ),
    ] = 10
    fan_max_rpm: Annotated[
        int,
        about(
            Sentence(
                "Slow down above this fan speed (0: no limit)", "风扇超过此转速时减速（0 为不限）"
            ),
            unit="rpm",
            least=0,
            most=20000,
        ),
    ] = 0
    pause_when_gpu_used: Annotated[
        bool,
        about(
            Sentence("Leave a graphics card to programs that use it", "其他程序使用显卡时让出显卡")
        ),
    ] = True
    exclusive_programs: Annotated[
        tuple[ProgramName, ...],
        about(Sentence("Pause while one of these programs runs", "以下程序运行时暂停"), most=200),
    ] = ()
    """Names such as `blender`, or whole paths."""
    disk_mib: Annotated[
        int, about(Sentence("Disk for tasks", "任务可用磁盘"), unit="MiB", least=64, most=2**30)
    ] = 10 * 1024
    disk_keep_free_mib: Annotated[
        int, about(Sentence("Disk kept free", "保留的磁盘空间"), unit="MiB", least=64, most=2**30)
    ] = KEEP_FREE_MIB
    volume_mib_per_month: Annotated[
        int,
        about(
            Sentence("Network volume a month (0: no limit)", "每月流量（0 为不限）"),
            unit="MiB",
            least=0,
            most=2**30,
        ),
    ] = 0
    use_metered_network: Annotated[
        bool, about(Sentence("Use networks that charge by volume", "使用按流量计费的网络"))
    ] = False
    hours: Annotated[
        tuple[DayHours, DayHours, DayHours, DayHours, DayHours, DayHours, DayHours],
        about(
            Sentence(
                "Hours in which it may work, Monday to Sunday",
                "允许工作的时段（周一至周日）",
            )
        ),
    ] = (HOURS_A_WEEK_ROW,) * 7
    electricity: Annotated[Electricity, about(Sentence("Electricity", "电费"))] = Electricity()


def default_limits(cores: int, memory_bytes: int) -> Limits:
    """Return considerate limits for a machine of this size: never its last core in use."""
    memory_mib = max(64, memory_bytes // MiB)
    return Limits(
        while_away=Budget(
            cpu_percent=80, cores=cores, memory_mib=max(64, memory_mib // 2), gpu_percent=80
        ),
        while_in_use=Budget(
            cpu_percent=25,
            cores=max(1, cores // 2),
            memory_mib=max(64, memory_mib // 8),
            cpu_max_c=75,
            gpu_max_c=70,
        ),
    )
