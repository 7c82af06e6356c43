"""Every reader of hostile bytes, a few hundred times: changed good inputs, and noise."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import ALL_KINDS, Change, spliced
from tests.fuzz.targets import NAMES, Target, target

_PLACES = st.integers(0, 2**16 - 1)
_CHANGES = st.lists(
    st.builds(Change, st.integers(0, ALL_KINDS - 1), _PLACES, _PLACES, _PLACES), max_size=5
)
_BASE_BYTES = 8 * 2**20
_PER_BYTE = 100
"""Memory that an input may take: a small JSON value of two bytes is an object of dozens."""


@pytest.mark.parametrize("name", NAMES)
def test_good_inputs_are_read(name: str) -> None:
    fuzzed = target(name)
    for seed in fuzzed.seeds:
        fuzzed.one_input(seed)


@pytest.mark.parametrize("name", NAMES)
def test_changed_inputs_break_nothing(name: str) -> None:
    fuzzed = target(name)

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_changed_inputs(fuzzed))
    def run(data: bytes) -> None:
        fuzzed.one_input(data)

    run()


@pytest.mark.parametrize("name", NAMES)
def test_noise_breaks_nothing(name: str) -> None:
    fuzzed = target(name)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=3000))
    def run(data: bytes) -> None:
        fuzzed.one_input(data)

    run()


@pytest.mark.parametrize("name", NAMES)
def test_memory_stays_in_proportion(name: str) -> None:
    fuzzed, chance = target(name), random.Random(name)  # noqa: S311 - the same at each run
    for seed in fuzzed.seeds:
        for kind in range(ALL_KINDS):
            change = Change(kind, *(chance.randrange(2**16) for _ in range(3)))
            data = fuzzed.changed(seed, [change])
            tracemalloc.start()
            try:
                fuzzed.one_input(data)
                _, peak_bytes = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert peak_bytes <= _BASE_BYTES + _PER_BYTE * len(data)


def _changed_inputs(fuzzed: Target) -> st.SearchStrategy[bytes]:
    seeds = st.sampled_from(fuzzed.seeds)
    begun = st.one_of(seeds, seeds, st.builds(spliced, seeds, seeds, _PLACES))
    return st.builds(fuzzed.changed, begun, _CHANGES)
