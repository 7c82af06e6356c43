"""The exact sentences by which the policy explains itself."""

from __future__ import annotations

from collections.abc import Mapping

from gridle.market.protocol.plain_text import plain
from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.readings import Attention, AttentionKind, Blindness

_MINUTE_S = 60
_HOUR_S = 3600
_NAME_LENGTH = 40

STOPPED = Sentence(
    "Stopped: press Start to let this computer work.",
    "已停止：请按“开始”让这台电脑工作。",
)
PAUSED_UNTIL_START = Sentence(
    "Paused by you. Press Start to go on.",
    "已由您暂停。请按“开始”继续。",
)
PAUSED_FOR_A_TIME = Sentence(
    "Paused by you. Resumes by itself when the time you chose is over.",
    "已由您暂停。到您选定的时间后会自动继续。",
)
ON_BATTERY = Sentence(
    "Paused: this computer runs on battery. Resumes when it is plugged in.",
    "已暂停：这台电脑正在使用电池。接通电源后继续。",
)
POWER_SAVER = Sentence(
    "Paused: the power-saver mode is on. Resumes when it is off.",
    "已暂停：省电模式已开启。关闭后继续。",
)
MEMORY_SHORT = Sentence(
    "Paused: other programs are waiting for memory. Resumes when they are not.",
    "已暂停：其他程序正在等待内存。缓解后继续。",
)
VOLUME_USED = Sentence(
    "Takes no new work: this month's network volume is used up. Goes on with the new month, or "
    "raise the limit.",
    "暂不接受新任务：本月流量已用完。下月继续，或提高该限制。",
)
METERED = Sentence(
    "Takes no new work: this network charges by volume. Goes on with another network, or allow "
    "metered networks.",
    "暂不接受新任务：当前网络按流量计费。更换网络后继续，或允许使用计费网络。",
)
NETWORK_KIND = Sentence(
    "Takes no new work: your limits do not allow this kind of network. Goes on with another.",
    "暂不接受新任务：您的限制不允许使用这种网络。更换网络后继续。",
)
FINISHING = Sentence(
    "Takes no new work: it stops when the running tasks are done, as you asked.",
    "暂不接受新任务：按您的要求，当前任务完成后即停止。",
)
YIELDING = Sentence(
    "Slowed down: your own programs use the processor.",
    "已减速：您自己的程序正在使用处理器。",
)
FAN_FAST = Sentence(
    "Slowed down: the fan turns faster than you allow.",
    "已减速：风扇转速超过您允许的值。",
)
GPU_IN_USE = Sentence(
    "Leaves a graphics card alone: another program uses it.",
    "已让出显卡：其他程序正在使用。",
)
BELOW_FLOOR = Sentence(
    "At this hour's price the tasks at hand would leave less than your floor after electricity. "
    "They go on when electricity is cheaper.",
    "按当前电价，手头任务扣除电费后的收入低于您的下限。电价下降后继续。",
)
CHEAP_HOURS = Sentence(
    "Waiting for the day's cheapest electricity: no new work is begun until the price falls.",
    "正在等待当天电价最低的时段：电价下降前不开始新任务。",
)
IN_USE_REDUCED = Sentence(
    "Working gently, because you are using the computer.",
    "您正在使用电脑，因此正在轻量工作。",
)
WATCHED_REDUCED = Sentence(
    "Working gently, because something is shown on the screen.",
    "屏幕上正在播放内容，因此正在轻量工作。",
)
AWAY = Sentence(
    "Working: you are not using the computer.",
    "正在工作：您没有在使用电脑。",
)

_BLIND: Mapping[Blindness, Sentence] = {
    Blindness.NO_X_ACCESS: Sentence(
        "the X server does not let Gridle see keyboard and mouse; start Gridle from within your "
        "session",
        "X 服务器不允许 Gridle 感知键盘和鼠标；请在您的会话中启动 Gridle",
    ),
    Blindness.NO_IDLE_PROTOCOL: Sentence(
        "this desktop tells no program how long you have been away; use one that does (GNOME, "
        "KDE, Sway)",
        "此桌面不告知程序您离开了多久；请使用支持此功能的桌面（GNOME、KDE、Sway）",
    ),
    Blindness.NO_COMPOSITOR: Sentence(
        "the Wayland session does not answer; start Gridle from within your session",
        "Wayland 会话没有响应；请在您的会话中启动 Gridle",
    ),
    Blindness.OTHER_SESSION: Sentence(
        "somebody else is logged in, and their keyboard and mouse cannot be seen; lock or end that "
        "session",
        "另有用户登录，且无法感知其键盘和鼠标；请锁定或结束该会话",
    ),
    Blindness.NOT_BUILT: Sentence(
        "this session's keyboard and mouse cannot be seen",
        "无法感知此会话的键盘和鼠标",
    ),
}


def unseen_paused(blindness: Blindness | None) -> Sentence:
    """Say why a session counts as in use though no input is seen, and what to do."""
    why = _BLIND[blindness or Blindness.NOT_BUILT]
    return Sentence(
        f"Paused: {why.en}. Until then it counts as in use; turn off “Pause while I use it” to "
        "work within the in-use limits.",
        f"已暂停：{why.zh}。在此之前视为正在使用；关闭“使用时暂停”即可在使用时的限制内工作。",
    )


def unseen(blindness: Blindness | None) -> Sentence:
    """Say why a session cannot be seen, and what to do, as a finding."""
    why = _BLIND[blindness or Blindness.NOT_BUILT]
    return Sentence(
        f"Somebody may be using this machine unseen: {why.en}. Until then it counts as in use.",
        f"可能有人在使用本机而无法感知：{why.zh}。在此之前视为正在使用。",
    )


def unseen_reduced(blindness: Blindness | None) -> Sentence:
    """Say why work goes on gently in a session that cannot be seen."""
    why = _BLIND[blindness or Blindness.NOT_BUILT]
    return Sentence(
        f"Working gently: {why.en}, so it counts as in use.",
        f"正在轻量工作：{why.zh}，因此视为正在使用。",
    )


def in_use_paused(idle_after_s: int) -> Sentence:
    """Say that work waits until `idle_after_s` seconds after the last input."""
    wait = duration(idle_after_s)
    return Sentence(
        f"Paused: you are using the computer. Resumes {wait.en} after your last input.",
        f"已暂停：您正在使用电脑。最后一次操作 {wait.zh}后继续。",
    )


def watched_paused(attention: Attention | None) -> Sentence:
    """Say what is shown on the screen; its program's name comes from outside."""
    program = _name(attention.program) if attention is not None else ""
    full = attention is not None and attention.kind is AttentionKind.FULLSCREEN
    en = f"{program} fills the screen" if full else f"{program} keeps the screen on"
    zh = f"{program} 正在全屏显示" if full else f"{program} 正在保持屏幕常亮"
    if not program:
        en, zh = "something is shown on the screen", "屏幕上正在播放内容"
    return Sentence(
        f"Paused: {en}. Resumes when it ends.",
        f"已暂停：{zh}。结束后继续。",
    )


def battery_low(least_percent: int) -> Sentence:
    """Say that the battery must stay above the owner's mark."""
    return Sentence(
        f"Paused: the battery is below {least_percent} %. Resumes once charged or plugged in.",
        f"已暂停：电池电量低于 {least_percent}%。充电或接通电源后继续。",
    )


def cpu_hot(limit_c: int, *, stopped: bool) -> Sentence:
    """Say that the processor is at, or near, the hottest that the owner allows."""
    if stopped:
        return Sentence(
            f"Paused: the processor has reached {limit_c} °C. Resumes when it has cooled down.",
            f"已暂停：处理器已达 {limit_c} °C。降温后继续。",
        )
    return Sentence(
        f"Slowed down: the processor is close to {limit_c} °C, the hottest that you allow.",
        f"已减速：处理器接近您允许的最高温度 {limit_c} °C。",
    )


def gpu_hot(limit_c: int, *, stopped: bool) -> Sentence:
    """Say that a graphics card is at, or near, the hottest that the owner allows."""
    if stopped:
        return Sentence(
            f"Leaves a graphics card alone until it has cooled down: it reached {limit_c} °C.",
            f"显卡已达 {limit_c} °C，降温前不使用。",
        )
    return Sentence(
        f"Uses a graphics card less: it is close to {limit_c} °C, the hottest that you allow.",
        f"已减少使用显卡：接近您允许的最高温度 {limit_c} °C。",
    )


def others_busy(most_percent: int) -> Sentence:
    """Say that other programs need the processor."""
    return Sentence(
        f"Paused: other programs use more than {most_percent} % of the processor. Resumes when "
        "they use less.",
        f"已暂停：其他程序占用处理器超过 {most_percent}%。降低后继续。",
    )


def disk_short(free_mib: int, keep_mib: int) -> Sentence:
    """Say that the disk is too full."""
    return Sentence(
        f"Paused: only {free_mib} MiB of disk are free, and {keep_mib} MiB are to be kept. Free "
        "some space and it goes on by itself.",
        f"已暂停：磁盘仅剩 {free_mib} MiB，需保留 {keep_mib} MiB。请释放空间，之后会自动继续。",
    )


def exclusive_program(program: str | None) -> Sentence:
    """Say which of the owner's exclusive programs runs."""
    name = _name(program or "")
    return Sentence(
        f"Paused while {name or 'a program of your list'} runs. Resumes when it ends.",
        f"{name or '您列表中的程序'} 运行时暂停。结束后继续。",
    )


def out_of_hours(*, ever: bool) -> Sentence:
    """Say that the weekly hours keep work from running now."""
    if not ever:
        return Sentence(
            "Paused: your weekly hours allow no work at all. Allow some hours in the limits.",
            "已暂停：您的每周时段不允许任何工作。请在限制中允许一些时段。",
        )
    return Sentence(
        "Paused: outside the hours that you allow. Resumes when they begin.",
        "已暂停：不在您允许的时段内。时段开始后继续。",
    )


def duration(seconds: int) -> Sentence:
    """Return a whole number of seconds in the largest unit that says it exactly."""
    if seconds >= _HOUR_S and seconds % _HOUR_S == 0:
        return _counted(seconds // _HOUR_S, "hour", "小时")
    if seconds >= _MINUTE_S and seconds % _MINUTE_S == 0:
        return _counted(seconds // _MINUTE_S, "minute", "分钟")
    return _counted(seconds, "second", "秒")


def _counted(count: int, unit_en: str, unit_zh: str) -> Sentence:
    plural = "" if count == 1 else "s"
    return Sentence(f"{count} {unit_en}{plural}", f"{count} {unit_zh}")


def _name(untrusted: str) -> str:
    return plain(untrusted)[:_NAME_LENGTH].strip()
