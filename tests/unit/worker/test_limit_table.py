from __future__ import annotations

import pytest

from gridle.worker.limit_settings import changed
from gridle.worker.limit_table import explained_lines, setting_lines
from gridle.worker.policy.limit_fields import limit_fields
from gridle.worker.policy.limits import default_limits

USUAL = default_limits(8, 2**34)


def test_settings_can_be_set_again() -> None:
    quiet = changed(USUAL, ["hours=mon-fri 22-6", "exclusive_programs=blender,my game"])
    assert changed(USUAL, list(setting_lines(quiet))) == quiet


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_field_is_explained(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("GRIDLE_LANG", language)
    head, *rows = explained_lines(USUAL, USUAL)
    assert head
    assert [row.split()[0] for row in rows] == [field.key for field in limit_fields()]
    for row, field in zip(rows, limit_fields(), strict=True):
        assert field.unit in row
        assert str(field.label) in row
        if field.least is not None:
            assert f"{field.least}-{field.most}" in row


def test_money_is_said_in_the_currency_and_zero_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")
    limits = changed(USUAL, ["electricity.price_micros_per_kwh=617000", "electricity.currency=CNY"])
    text = "\n".join(explained_lines(limits, USUAL))
    assert "617000 (0.617 CNY/kWh)" in text
    assert "0 (no limit)" in text
