from __future__ import annotations

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.limit_settings import changed, settings_of
from gridle.worker.policy.limits import Limits, default_limits
from tests.rigs.any_limits import LIMITS as ANY_LIMITS

LIMITS = default_limits(4, 2**33)
WEEKEND = ("." * 24,) * 5 + ("#" * 24,) * 2


def test_settings_change_only_what_they_name() -> None:
    after = changed(LIMITS, ["while_away.cpu_percent=50", "pause_when_used=false"])
    assert after.while_away.cpu_percent == 50
    assert not after.pause_when_used
    assert after.while_in_use == LIMITS.while_in_use
    assert changed(LIMITS, []) == LIMITS


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("while_away.cpu_percent= 50 %", "while_away.cpu_percent", "50"),
        ("pause_when_used=off", "pause_when_used", "false"),
        (r'exclusive_programs=blender, "C:\Games\x.exe"', "exclusive_programs", None),
        (r'exclusive_programs=["blender", "C:\\Games\\x.exe"]', "exclusive_programs", None),
        ("exclusive_programs=", "exclusive_programs", ""),
        ("while_in_use.networks=mobile,wired", "while_in_use.networks", "mobile,wired"),
        ("while_in_use.core_kind=efficiency", "while_in_use.core_kind", "efficiency"),
        ("hours=sat,sun 0-24", "hours", "sat,sun 0-24"),
        ("electricity.currency=CNY", "electricity.currency", "CNY"),
    ],
)
def test_each_kind_is_written_as_people_write_it(setting: str, key: str, value: str | None) -> None:
    after = settings_of(changed(LIMITS, [setting]))
    assert after[key] == (r"blender,C:\Games\x.exe" if value is None else value)
    before = settings_of(LIMITS)
    assert {k: v for k, v in after.items() if k != key} == {
        k: v for k, v in before.items() if k != key
    }


def test_hours_become_a_week() -> None:
    assert changed(LIMITS, ["hours=sat-sun 0-24"]).hours == WEEKEND


@pytest.mark.parametrize(
    "setting",
    [
        "while_away.cpu_percent=200",
        "while_away.cpu_percent=half",
        "while_away.core_kind=fast",
        "while_away.networks=wired,lan",
        "idle_after_s=soon",
        "run_on_battery=2",
        "hours=mon 25-26",
        "exclusive_programs=[1]",
        f"exclusive_programs={','.join(['x'] * 201)}",
        f"exclusive_programs={'x' * 256}",
        "electricity.currency=cny",
    ],
)
def test_what_does_not_fit_is_refused_with_key_bounds_and_example(setting: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        changed(LIMITS, [setting])
    key = setting.partition("=")[0]
    for words in (refused.value.sentence.en, refused.value.sentence.zh):
        assert words.count(key) >= 2, words
        assert f"{key}=" in words


@pytest.mark.parametrize("setting", ["cpu=50", "while_away.cpu_percent", "while_away=1", "=", ""])
def test_an_unknown_key_is_refused_with_the_nearest(setting: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        changed(LIMITS, [setting])
    assert "--explain" in refused.value.sentence.en
    if setting == "cpu=50":
        assert "while_away.cpu_percent" in refused.value.sentence.en.partition("mean")[2]


@given(ANY_LIMITS)
def test_every_key_can_be_set_to_what_it_is(limits: Limits) -> None:
    written = [f"{key}={value}" for key, value in settings_of(limits).items()]
    assert changed(LIMITS, written) == limits


@given(st.lists(st.text(string.printable, max_size=60), max_size=3))
def test_any_input_is_taken_or_refused(settings: list[str]) -> None:
    with suppress(InvalidInputError):
        changed(LIMITS, settings)
