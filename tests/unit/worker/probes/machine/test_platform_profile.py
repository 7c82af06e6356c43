"""The firmware's profile saves power under two names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.worker.probes.machine.platform_profile import (
    find_profile_bell,
    read_platform_profile,
)


@pytest.mark.parametrize(
    ("profile", "saves"),
    [("low-power", True), ("quiet", True), ("balanced", False), ("performance", False)],
)
def test_which_profiles_save_power(tmp_path: Path, profile: str, saves: bool) -> None:  # noqa: FBT001 - the expected answer
    path = tmp_path / "platform_profile"
    path.write_text(profile + "\n")
    assert read_platform_profile(path) is saves


def test_a_machine_without_profiles_saves_nothing_and_has_no_bell(tmp_path: Path) -> None:
    assert not read_platform_profile(tmp_path / "none")
    assert find_profile_bell(tmp_path / "none") is None


def test_the_bell_reads_the_file_so_that_it_can_ring_again(tmp_path: Path) -> None:
    path = tmp_path / "platform_profile"
    path.write_text("balanced\n")
    bell = find_profile_bell(path)
    assert bell is not None
    assert bell.heard()
    bell.close()
