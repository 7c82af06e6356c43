from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.limit_fields import FieldKind, limit_fields, value_of, with_values
from gridle.worker.policy.limits import Limits, default_limits
from gridle.worker.policy.presets import Preset, preset_limits, with_preset
from tests.rigs.any_limits import LIMITS as ANY_LIMITS

CORES = st.integers(1, 512)
MEMORY_BYTES = st.integers(2**27, 2**42)
LESS_IS_MORE = {"idle_after_s", "battery_least_percent", "disk_keep_free_mib"}
"""Fields by which less is used the larger they are."""


def _use(limits: Limits, key: str) -> float:
    """Return how much of the machine a field lets tasks use."""
    field = next(each for each in limit_fields() if each.key == key)
    value = value_of(limits, key)
    assert isinstance(value, int)
    if value == 0 and field.zero is not None and field.unit != "%":
        return math.inf
    return -value if key in LESS_IS_MORE else value


@given(CORES, MEMORY_BYTES)
def test_each_preset_allows_what_those_before_it_do(cores: int, memory_bytes: int) -> None:
    quiet, balanced, full = (preset_limits(each, cores, memory_bytes) for each in Preset)
    for field in limit_fields():
        if field.kind is FieldKind.NUMBER:
            uses = [_use(limits, field.key) for limits in (quiet, balanced, full)]
            assert uses == sorted(uses), field.key
    assert (quiet.pause_when_used, balanced.pause_when_used) == (True, True)
    assert not full.pause_when_used


@given(CORES, MEMORY_BYTES)
def test_presets_are_what_they_are_called(cores: int, memory_bytes: int) -> None:
    quiet, balanced, full = (preset_limits(each, cores, memory_bytes) for each in Preset)
    assert balanced == default_limits(cores, memory_bytes)
    for budget in (quiet.while_away, quiet.while_in_use):
        assert budget.cpu_percent <= 25
        assert budget.cores <= max(1, cores / 2)
        assert budget.core_kind == "efficiency"
        assert budget.gpu_percent == 0
    assert (full.while_away.cpu_percent, full.while_away.cores) == (100, cores)
    assert 25 <= full.while_in_use.cpu_percent <= 50


@given(CORES, MEMORY_BYTES)
def test_every_preset_is_within_all_bounds(cores: int, memory_bytes: int) -> None:
    for preset in Preset:
        limits = preset_limits(preset, cores, memory_bytes)
        values = {field.key: value_of(limits, field.key) for field in limit_fields()}
        assert with_values(limits, values) == limits


@given(ANY_LIMITS, st.sampled_from(Preset))
def test_a_preset_leaves_what_is_the_owners_own(limits: Limits, preset: Preset) -> None:
    after = with_preset(limits, preset, 8, 2**34)
    assert (after.hours, after.electricity) == (limits.hours, limits.electricity)
    assert after.exclusive_programs == limits.exclusive_programs
    assert after.while_away.gpus == limits.while_away.gpus
    assert after.while_in_use.networks == limits.while_in_use.networks
    assert after.idle_after_s == preset_limits(preset, 8, 2**34).idle_after_s
