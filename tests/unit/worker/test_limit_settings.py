from __future__ import annotations

import pytest

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.limit_settings import changed, flat
from gridle.worker.policy.limits import default_limits

LIMITS = default_limits(4, 2**33)


def test_settings_change_only_what_they_name() -> None:
    after = changed(LIMITS, ["while_away.cpu_percent=50", "pause_when_used=false"])
    assert after.while_away.cpu_percent == 50
    assert not after.pause_when_used
    assert after.while_in_use == LIMITS.while_in_use
    assert changed(LIMITS, []) == LIMITS


@pytest.mark.parametrize(
    "setting",
    [
        "cpu=50",
        "while_away.cpu_percent",
        "while_away.cpu_percent=200",
        "idle_after_s=soon",
        "=",
        "",
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(setting: str) -> None:
    with pytest.raises(InvalidInputError):
        changed(LIMITS, [setting])


def test_every_key_can_be_set_to_what_it_is() -> None:
    for key, value in flat(LIMITS).items():
        assert changed(LIMITS, [f"{key}={str(value).lower()}"]) == LIMITS
