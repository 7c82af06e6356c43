"""The exact sentences by which the policy explains itself."""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence

_MINUTE_S = 60
_HOUR_S = 3600

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
UNSEEN_PAUSED = Sentence(
    "Paused: this session's keyboard and mouse cannot be seen, so it counts as in use. "
    "Turn off “Pause while I use it” to work within the in-use limits.",
    "已暂停：无法看到此会话的键盘和鼠标，因此视为正在使用。"
    "关闭“使用时暂停”即可在使用时的限制内工作。",
)
UNSEEN_REDUCED = Sentence(
    "Working gently: this session's keyboard and mouse cannot be seen, so it counts as in use.",
    "正在轻量工作：无法看到此会话的键盘和鼠标，因此视为正在使用。",
)
IN_USE_REDUCED = Sentence(
    "Working gently, because you are using the computer.",
    "您正在使用电脑，因此正在轻量工作。",
)
AWAY = Sentence(
    "Working: you are not using the computer.",
    "正在工作：您没有在使用电脑。",
)


def in_use_paused(idle_after_s: int) -> Sentence:
    """Say that work waits until `idle_after_s` seconds after the last input."""
    wait = duration(idle_after_s)
    return Sentence(
        f"Paused: you are using the computer. Resumes {wait.en} after your last input.",
        f"已暂停：您正在使用电脑。最后一次操作 {wait.zh}后继续。",
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
