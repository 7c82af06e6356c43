"""Kinds of cores are the kernel's word; where it has none, there is one kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.machine.cores import (
    ONE_KIND,
    CoreKinds,
    by_capacity,
    parse_cpu_list,
    read_core_kinds,
)


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("0-3,8\n", (0, 1, 2, 3, 8)),
        ("5", (5,)),
        ("3,1", (1, 3)),
        ("", ()),
        ("0-", ()),
        ("4-2", ()),
        ("0-99999", ()),
        ("0-5000", ()),
        ("all", ()),
    ],
)
def test_the_kernel_s_lists(text: str, cores: tuple[int, ...]) -> None:
    assert parse_cpu_list(text) == cores


@given(st.text(alphabet="0123456789,-\n x", max_size=30))
def test_any_text_gives_cores_in_order_and_within_bounds(text: str) -> None:
    cores = parse_cpu_list(text)
    assert list(cores) == sorted(set(cores))
    assert all(0 <= core < 4096 for core in cores)


@given(st.dictionaries(st.integers(0, 63), st.integers(0, 1024)))
def test_every_core_is_of_one_kind_or_none_is(capacities: dict[int, int]) -> None:
    kinds = by_capacity(capacities)
    if kinds != ONE_KIND:
        assert sorted(kinds.performance + kinds.efficiency) == sorted(capacities)
        slowest = min(capacities[core] for core in kinds.performance)
        assert all(capacities[core] < slowest for core in kinds.efficiency)


def test_a_hybrid_processor(tmp_path: Path) -> None:
    for name, cores in (("cpu_core", "0-7"), ("cpu_atom", "8-15")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cpus").write_text(cores + "\n")
    assert read_core_kinds(tmp_path) == CoreKinds(tuple(range(8)), tuple(range(8, 16)))


def test_a_processor_of_big_and_little_cores(tmp_path: Path) -> None:
    for number, capacity in enumerate((446, 446, 871, 1024)):
        folder = tmp_path / "system" / "cpu" / f"cpu{number}"
        folder.mkdir(parents=True)
        (folder / "cpu_capacity").write_text(f"{capacity}\n")
    (tmp_path / "system" / "cpu" / "cpufreq").mkdir()
    assert read_core_kinds(tmp_path) == CoreKinds((3,), (0, 1, 2))


def test_an_ordinary_processor_has_one_kind(tmp_path: Path) -> None:
    assert read_core_kinds(tmp_path) == ONE_KIND
    assert by_capacity({0: 1024, 1: 1024}) == ONE_KIND
