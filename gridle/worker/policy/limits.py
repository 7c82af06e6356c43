"""The owner's limits: what this machine may be used for, and when.

Each field carries its bounds, unit, default and a sentence: the command line, the settings file,
its JSON Schema and the app's form are all made from here, and from nothing else.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.budget import Budget, NetworkKind, ProgramName
from gridle.worker.policy.electricity import Electricity
from gridle.worker.policy.limit_meta import NO_LIMIT, Section, about
from gridle.worker.policy.task_rules import TaskRules

__all__ = [
    "Budget",
    "DayHours",
    "KiB",
    "Limits",
    "MiB",
    "NetworkKind",
    "TaskRules",
    "default_limits",
]

MiB = 2**20
KiB = 2**10
HOURS_A_WEEK_ROW = "#" * 24
KEEP_FREE_MIB = 1024

DayHours = Annotated[str, Meta(pattern=r"^[#.]{24}$(?!\n)")]
"""One local day, an hour a character: `#` may work, `.` may not."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that an owner can set; the worker never goes over any of it."""

    while_away: Annotated[Budget, about(Section.AWAY.value, section=Section.AWAY)]
    while_in_use: Annotated[Budget, about(Section.IN_USE.value, section=Section.IN_USE)]
    """Applies while the owner uses the machine and `pause_when_used` is off."""
    pause_when_used: Annotated[
        bool,
        about(
            Sentence("Pause while I use it", "使用时暂停"),
            section=Section.PRESENCE,
            help=Sentence(
                "Your first key press pauses all work; off, work goes on gently within "
                "“While I use it”.",
                "您一按键就暂停所有工作；关闭后则在“我使用时”的限制内轻量工作。",
            ),
        ),
    ] = True
    idle_after_s: Annotated[
        int,
        about(
            Sentence("I am away after no input for", "无操作多久视为离开"),
            unit="s",
            least=1,
            most=86400,
            section=Section.PRESENCE,
            help=Sentence(
                "Keyboard, mouse, touch and gamepads count as input.",
                "键盘、鼠标、触摸和手柄都算操作。",
            ),
        ),
    ] = 120
    """Seconds since the last input after which the owner counts as away."""
    films_count_as_use: Annotated[
        bool,
        about(
            Sentence(
                "Films, presentations and full screen count as use", "影片、演示和全屏视为使用"
            ),
            section=Section.PRESENCE,
            help=Sentence(
                "Somebody who watches touches nothing, and still would notice the work.",
                "观看的人虽不操作，也会察觉到后台工作。",
            ),
        ),
    ] = True
    run_on_battery: Annotated[
        bool,
        about(
            Sentence("Work on battery", "使用电池时也工作"),
            section=Section.GUARDS,
            help=Sentence(
                "Off, all work pauses while the computer is not plugged in.",
                "关闭时，电脑未接通电源就暂停所有工作。",
            ),
        ),
    ] = False
    battery_least_percent: Annotated[
        int,
        about(
            Sentence("On battery, only above", "使用电池时的最低电量"),
            unit="%",
            least=0,
            most=100,
            section=Section.GUARDS,
            help=Sentence(
                "Where work on battery is allowed, it pauses below this charge.",
                "允许使用电池工作时，电量低于此值即暂停。",
            ),
        ),
    ] = 50
    work_in_power_saver: Annotated[
        bool,
        about(
            Sentence("Work in the power-saver mode", "省电模式下也工作"),
            section=Section.GUARDS,
            help=Sentence(
                "Off, all work pauses while the computer is set to save power.",
                "关闭时，电脑处于省电模式就暂停所有工作。",
            ),
        ),
    ] = False
    foreign_cpu_max_percent: Annotated[
        int,
        about(
            Sentence(
                "Pause while other programs use more of the processor than",
                "其他程序占用处理器超过此值时暂停",
            ),
            unit="%",
            least=1,
            most=100,
            section=Section.GUARDS,
            help=Sentence(
                "Of all cores together, smoothed over seconds; 100 means never.",
                "按全部核心合计，并在数秒内平滑；100 表示从不。",
            ),
        ),
    ] = 60
    memory_pressure_max_percent: Annotated[
        int,
        about(
            Sentence(
                "Pause while programs wait for memory more than", "程序等待内存的时间超过此值时暂停"
            ),
            unit="%",
            least=1,
            most=100,
            section=Section.GUARDS,
            help=Sentence(
                "Share of the last ten seconds in which some program waited; 100 means never.",
                "最近十秒内有程序等待内存的时间比例；100 表示从不。",
            ),
        ),
    ] = 10
    fan_max_rpm: Annotated[
        int,
        about(
            Sentence("Slow down above this fan speed", "风扇超过此转速时减速"),
            unit="rpm",
            least=0,
            most=20000,
            zero=NO_LIMIT,
            section=Section.GUARDS,
            example="3000",
            help=Sentence(
                "The fastest fan counts, where the computer tells its speed.",
                "以最快的风扇为准（若电脑能报告转速）。",
            ),
        ),
    ] = 0
    pause_when_gpu_used: Annotated[
        bool,
        about(
            Sentence("Leave a graphics card to programs that use it", "其他程序使用显卡时让出显卡"),
            section=Section.GUARDS,
            help=Sentence(
                "Tasks give the card and its memory back when a program of yours needs it.",
                "您的程序需要显卡时，任务会让出显卡及显存。",
            ),
        ),
    ] = True
    exclusive_programs: Annotated[
        tuple[ProgramName, ...],
        about(
            Sentence("Pause while one of these programs runs", "以下程序运行时暂停"),
            most=200,
            section=Section.PROGRAMS,
            help=Sentence(
                "Names such as blender, or whole paths.", "程序名（如 blender）或完整路径。"
            ),
        ),
    ] = ()
    """Names such as `blender`, or whole paths."""
    disk_mib: Annotated[
        int,
        about(
            Sentence("Disk for tasks", "任务可用磁盘"),
            unit="MiB",
            least=64,
            most=2**30,
            section=Section.GUARDS,
            help=Sentence(
                "Tasks, their programs and their results hold no more than this.",
                "任务及其程序和结果占用的磁盘不超过此值。",
            ),
        ),
    ] = 10 * 1024
    disk_keep_free_mib: Annotated[
        int,
        about(
            Sentence("Disk kept free", "保留的磁盘空间"),
            unit="MiB",
            least=64,
            most=2**30,
            section=Section.GUARDS,
            help=Sentence(
                "No work is fetched or goes on where less than this would be left to you.",
                "可用空间将低于此值时，不再获取或继续任务。",
            ),
        ),
    ] = KEEP_FREE_MIB
    volume_mib_per_month: Annotated[
        int,
        about(
            Sentence("Network volume a month", "每月流量"),
            unit="MiB",
            least=0,
            most=2**30,
            zero=NO_LIMIT,
            section=Section.NETWORK,
            example="10240",
            help=Sentence(
                "What Gridle sends and receives together in one calendar month.",
                "Gridle 在一个自然月内收发流量的总和。",
            ),
        ),
    ] = 0
    use_metered_network: Annotated[
        bool,
        about(
            Sentence("Use networks that charge by volume", "使用按流量计费的网络"),
            section=Section.NETWORK,
            help=Sentence(
                "Off, nothing is fetched over a connection that the system calls metered.",
                "关闭时，不通过系统标记为按流量计费的连接获取任务。",
            ),
        ),
    ] = False
    tasks: Annotated[TaskRules, about(Section.TASKS.value, section=Section.TASKS)] = TaskRules()
    hours: Annotated[
        tuple[DayHours, DayHours, DayHours, DayHours, DayHours, DayHours, DayHours],
        about(
            Sentence("Hours in which it may work", "允许工作的时段"),
            section=Section.HOURS,
            help=Sentence(
                "Monday to Sunday, in this computer's own time.",
                "周一至周日，按这台电脑的本地时间。",
            ),
        ),
    ] = (HOURS_A_WEEK_ROW,) * 7
    electricity: Annotated[
        Electricity, about(Section.ELECTRICITY.value, section=Section.ELECTRICITY)
    ] = Electricity()


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
