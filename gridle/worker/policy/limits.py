"""The owner's limits: what this machine may be used for, and when."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

MiB = 2**20


class Budget(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the machine all tasks together may use."""

    cpu_percent: Annotated[int, Meta(ge=1, le=100)]
    """Share of each allowed core's time."""
    cores: Annotated[int, Meta(ge=1, le=4096)]
    memory_mib: Annotated[int, Meta(ge=64, le=2**24)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that an owner can set; the worker never goes over any of it."""

    while_away: Budget
    while_in_use: Budget
    """Applies while the owner uses the machine and `pause_when_used` is off."""
    pause_when_used: bool = True
    idle_after_s: Annotated[int, Meta(ge=1, le=86400)] = 120
    """Seconds since the last input after which the owner counts as away."""
    run_on_battery: bool = False


def default_limits(cores: int, memory_bytes: int) -> Limits:
    """Return considerate limits for a machine of this size: never its last core in use."""
    memory_mib = max(64, memory_bytes // MiB)
    return Limits(
        while_away=Budget(cpu_percent=80, cores=cores, memory_mib=max(64, memory_mib // 2)),
        while_in_use=Budget(
            cpu_percent=25, cores=max(1, cores // 2), memory_mib=max(64, memory_mib // 8)
        ),
    )
