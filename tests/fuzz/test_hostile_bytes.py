"""Every reader of hostile bytes, a few hundred times: changed good inputs, and noise."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import KINDS, Change, changed, spliced
from tests.fuzz.targets import NAMES, Target, target

_PLACES = st.integers(0, 2**16 - 1)
_CHANGES = st.lists(
    st.builds(Change, st.integers(0, KINDS - 1), _PLACES, _PLACES, _PLACES), max_size=5
)
_FOUND = Path(__file__).with_name("found")
"""Inputs that once broke something, as files `<target>-<what>`."""


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


def _changed_inputs(fuzzed: Target) -> st.SearchStrategy[bytes]:
    seeds = st.sampled_from(fuzzed.seeds)
    begun = st.one_of(seeds, seeds, st.builds(spliced, seeds, seeds, _PLACES))
    return st.builds(
        lambda data, changes: fuzzed.repaired(changed(data, changes, fuzzed.tokens)),
        begun,
        _CHANGES,
    )
