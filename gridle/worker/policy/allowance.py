"""The policy's answer: what tasks may use now, and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from gridle.market.protocol.sentence import Sentence


class ReasonCode(StrEnum):
    """Every reason for which the worker works, slows down or pauses."""

    AWAY = "away"
    IN_USE_REDUCED = "in_use_reduced"
    IN_USE = "in_use"
    SESSION_UNSEEN = "session_unseen"
    WATCHED = "watched"
    ON_BATTERY = "on_battery"
    BATTERY_LOW = "battery_low"
    POWER_SAVER = "power_saver"
    CPU_HOT = "cpu_hot"
    GPU_HOT = "gpu_hot"
    FAN_FAST = "fan_fast"
    OTHERS_BUSY = "others_busy"
    YIELDING = "yielding"
    MEMORY_SHORT = "memory_short"
    DISK_SHORT = "disk_short"
    NETWORK_METERED = "network_metered"
    NETWORK_KIND = "network_kind"
    VOLUME_USED = "volume_used"
    GPU_IN_USE = "gpu_in_use"
    EXCLUSIVE_PROGRAM = "exclusive_program"
    OUT_OF_HOURS = "out_of_hours"
    WAITING_FOR_CHEAP_HOURS = "waiting_for_cheap_hours"
    BELOW_FLOOR = "below_floor"
    FINISHING = "finishing"
    STOPPED_BY_OWNER = "stopped_by_owner"
    PAUSED_BY_OWNER = "paused_by_owner"


NO_NEW_WORK = frozenset(
    {
        ReasonCode.NETWORK_METERED,
        ReasonCode.NETWORK_KIND,
        ReasonCode.VOLUME_USED,
        ReasonCode.WAITING_FOR_CHEAP_HOURS,
        ReasonCode.FINISHING,
    }
)
"""Reasons that let running tasks go on and nothing new be taken."""


class Reason(Struct, frozen=True):
    """Why, in one plain sentence, and until when where that is known."""

    code: ReasonCode
    sentence: Sentence
    until: float | None = None
    """Unix seconds."""


class Allowance(Struct, frozen=True):
    """What all tasks together may use now. `cores` of 0 means: pause everything."""

    cpu_percent: int
    cores: int
    memory_bytes: int
    reasons: tuple[Reason, ...]
    """Never empty: every allowance is explained."""
    core_ids: tuple[int, ...] = ()
    """The logical cores that tasks are kept to; empty: any."""
    gpus: tuple[str, ...] = ()
    """The UUIDs of the graphics cards that tasks may use."""
    gpu_percent: int = 0
    disk_bytes: int = 0
    """What tasks may still write, all together."""
    download_bytes_s: int | None = None
    """None: no limit; 0: nothing may be fetched now."""
    upload_bytes_s: int | None = None
    takes_work: bool = True
    """Whether new tasks are asked for."""
    begins_work: bool = True
    """Whether tasks that are here and wait may start."""

    @property
    def may_run(self) -> bool:
        """Whether any task may use the CPU now."""
        return self.cores > 0
