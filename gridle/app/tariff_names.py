"""The tariffs that Gridle brings along."""

from __future__ import annotations

from functools import cache

from gridle.worker.tariff_files import list_presets


@cache
def tariff_names() -> tuple[str, ...]:
    """Return the names by which the limits call them, in order."""
    return tuple(tariff.preset_id for tariff in list_presets())
