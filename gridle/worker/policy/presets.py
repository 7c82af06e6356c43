"""Three sets of limits for whoever does not want to choose every figure. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from gridle.worker.policy.limits import Budget, Limits, MiB, default_limits

_LEAST_MEMORY_MIB: Final = 64


class Preset(StrEnum):
    """From hardly there to all that the machine can give; each allows what those before do."""

    QUIET = "quiet"
    BALANCED = "balanced"
    FULL = "full"


def preset_limits(preset: Preset, cores: int, memory_bytes: int) -> Limits:
    """Return a preset's limits for a machine of this size."""
    balanced = default_limits(cores, memory_bytes)
    memory_mib = memory_bytes // MiB
    match preset:
        case Preset.QUIET:
            return _quiet(balanced, cores, memory_mib)
        case Preset.BALANCED:
            return balanced
        case Preset.FULL:
            return _full(balanced, cores, memory_mib)


def with_preset(limits: Limits, preset: Preset, cores: int, memory_bytes: int) -> Limits:
    """Return the limits with a preset's figures, and all that is the owner's own as it was.

    A preset knows nothing of the owner's week, programs, cards, networks and electricity.
    """
    chosen = preset_limits(preset, cores, memory_bytes)
    return replace(
        chosen,
        while_away=_of_owner(chosen.while_away, limits.while_away),
        while_in_use=_of_owner(chosen.while_in_use, limits.while_in_use),
        exclusive_programs=limits.exclusive_programs,
        volume_mib_per_month=limits.volume_mib_per_month,
        use_metered_network=limits.use_metered_network,
        hours=limits.hours,
        electricity=limits.electricity,
    )


def _of_owner(chosen: Budget, owners: Budget) -> Budget:
    return replace(chosen, gpus=owners.gpus, networks=owners.networks)


def _quiet(balanced: Limits, cores: int, memory_mib: int) -> Limits:
    """Cool enough that no fan speeds up, and no graphics card at all."""
    away = replace(
        balanced.while_away,
        cpu_percent=25,
        cores=max(1, cores // 2),
        memory_mib=max(_LEAST_MEMORY_MIB, memory_mib // 4),
        core_kind="efficiency",
        gpu_percent=0,
        download_kib_s=2048,
        upload_kib_s=512,
        cpu_max_c=65,
        gpu_max_c=60,
    )
    in_use = replace(
        away,
        cpu_percent=10,
        cores=max(1, cores // 4),
        memory_mib=max(_LEAST_MEMORY_MIB, memory_mib // 16),
        download_kib_s=512,
        upload_kib_s=128,
        cpu_max_c=60,
        gpu_max_c=55,
    )
    return replace(
        balanced,
        while_away=away,
        while_in_use=in_use,
        idle_after_s=600,
        battery_least_percent=80,
        foreign_cpu_max_percent=30,
        memory_pressure_max_percent=5,
        disk_mib=5 * 1024,
        disk_keep_free_mib=10 * 1024,
    )


def _full(balanced: Limits, cores: int, memory_mib: int) -> Limits:
    """Everything while away, and gentle work instead of a pause while in use."""
    away = replace(
        balanced.while_away,
        cpu_percent=100,
        cores=cores,
        memory_mib=max(_LEAST_MEMORY_MIB, memory_mib * 3 // 4),
        gpu_percent=100,
        cpu_max_c=95,
        gpu_max_c=87,
    )
    in_use = replace(
        balanced.while_in_use,
        cpu_percent=40,
        memory_mib=max(_LEAST_MEMORY_MIB, memory_mib // 4),
        cpu_max_c=85,
        gpu_max_c=80,
    )
    return replace(
        balanced,
        while_away=away,
        while_in_use=in_use,
        pause_when_used=False,
        idle_after_s=60,
        foreign_cpu_max_percent=90,
        memory_pressure_max_percent=20,
        disk_mib=50 * 1024,
    )
