"""What the probes last said about this machine."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Presence(StrEnum):
    """Whether somebody uses this machine."""

    AWAY = "away"
    """No input for the owner's `idle_after_s`, or a machine without any session."""
    IN_USE = "in_use"
    UNSEEN = "unseen"
    """There is a session whose input cannot be seen: it counts as in use."""


class Gpu(Struct, frozen=True):
    """One graphics card."""

    index: int
    name: str
    memory_bytes: int
    memory_used_bytes: int
    utilisation_percent: int


class Readings(Struct, frozen=True):
    """The machine at one moment. Unknown readings hold the value that stops nothing."""

    seconds_since_input: float | None
    """None where no session exists or none can be seen; `session_unseen` tells which."""
    session_unseen: bool
    on_battery: bool
    battery_percent: float | None
    foreign_cpu_percent: float
    """Share of all cores used by programs other than our tasks."""
    free_memory_bytes: int
    """What tasks may have in all: unused memory, with what our tasks hold already."""
    cores: int = 4096
    """Logical cores of this machine."""
    gpus: tuple[Gpu, ...] = ()
