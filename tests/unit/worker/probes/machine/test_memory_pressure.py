"""Pressure is read as the kernel writes it, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.probes.machine.memory_pressure import (
    find_pressure_bell,
    parse_pressure,
    read_pressure,
)

FULL = "full avg10=90.00 avg60=0.00 avg300=0.00 total=1"


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        (f"some avg10=12.34 avg60=1.00 avg300=0.10 total=99\n{FULL}", 12.34),
        (f"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n{FULL}", 0.0),
        (f"some avg10=100.00 avg60=1.00 avg300=0.10 total=99\n{FULL}", 100.0),
        (FULL, None),
        ("some avg10=many avg60=0.00", None),
        ("", None),
    ],
)
def test_the_share_of_the_last_ten_seconds(text: str, percent: float | None) -> None:
    assert parse_pressure(text) == percent


def test_a_kernel_without_it_tells_nothing(tmp_path: Path) -> None:
    assert read_pressure(tmp_path / "memory") is None
    assert find_pressure_bell(tmp_path / "memory") is None
