"""Presets and the owner's own files: found by name, never written, wrong ones said so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.policy.electricity import Electricity
from gridle.worker.tariff_files import FOLDER, list_presets, load_tariff, tariff_of

OWN = """{
  "format_version": 1, "name": "My village", "source": "my bill", "currency": "EUR",
  "timezone": "Europe/Berlin",
  "schedules": {"all": [{"bands": {"flat": ["00:00-24:00"]}}]},
  "rates": [{"name": "Home", "schedule": "all",
             "micros_per_kwh": {"all-year": {"flat": [310000]}}}]
}"""


def own_file(home: Path, name: str, text: str) -> Path:
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_every_preset_is_loaded_by_its_name(tmp_path: Path) -> None:
    for preset in list_presets():
        found = load_tariff(preset.preset_id, tmp_path)
        assert (found.preset_id, found.title) == (preset.preset_id, preset.title)
        assert Electricity(tariff=preset.preset_id).tariff == preset.preset_id


def test_an_own_file_is_found_and_wins_over_a_preset(tmp_path: Path) -> None:
    own_file(tmp_path, "village.json", OWN)
    own_file(tmp_path, "lhasa-data-centre.json", OWN)
    assert load_tariff("village", tmp_path).price_at(0.0).micros_per_kwh == 310_000
    assert load_tariff("lhasa-data-centre", tmp_path).currency == "EUR"


@pytest.mark.parametrize("name", ["nowhere", "shanghai", "shanghai-home", "../secret", ""])
def test_a_name_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError, match="There is no tariff named"):
        load_tariff(name, tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[" * 5000, "cannot be read"),
        (OWN.replace('"format_version": 1', '"format_version": 2'), "format_version"),
        (OWN.replace("310000", "0.31"), "Expected `int | null`"),
        (OWN.replace("310000", "-1"), ">= 0"),
        (OWN.replace('"source"', '"sauce"'), "sauce"),
        (OWN.replace("00:00-24:00", "0-24"), "regex"),
        (OWN.replace("00:00-24:00", "00:00-23:00"), "23:00 is in no band"),
        (OWN.replace("EUR", "euro"), "regex"),
        (OWN + " " * 2**20, "larger than"),
    ],
)
def test_a_malformed_file_is_said_and_left_as_it_is(tmp_path: Path, text: str, words: str) -> None:
    path = own_file(tmp_path, "village.json", text)
    with pytest.raises(InvalidInputError) as caught:
        load_tariff("village", tmp_path)
    assert words in caught.value.sentence.en
    assert "village.json" in caught.value.sentence.en
    assert path.read_text() == text


def test_a_wrong_file_hides_no_other(tmp_path: Path) -> None:
    own_file(tmp_path, "village.json", OWN)
    own_file(tmp_path, "broken.json", "{")
    own_file(tmp_path, "My Tariff.json", OWN)
    own_file(tmp_path, "notes.txt", "no tariff")
    assert load_tariff("village", tmp_path).preset_id == "village"
    with pytest.raises(InvalidInputError):
        load_tariff("broken", tmp_path)


def test_a_tariff_in_another_currency_than_the_tokens_value_is_refused(tmp_path: Path) -> None:
    chosen = Electricity(tariff="lhasa-data-centre", currency="USD")
    with pytest.raises(InvalidInputError, match="set the currency to CNY"):
        tariff_of(chosen, tmp_path)
    found = tariff_of(Electricity(tariff="lhasa-data-centre", currency="CNY"), tmp_path)
    assert found is not None
    assert found.preset_id == "lhasa-data-centre"
    assert tariff_of(Electricity(), tmp_path) is None


def test_the_examples_of_the_documentation_are_sound(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "tariffs.md"
    examples = re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    own_file(tmp_path, "my-village.json", examples[0])
    own_file(tmp_path, "town.json", examples[1])
    for name in ("my-village", "town-home-low", "town-works-low", "town-works-10-kv"):
        assert load_tariff(name, tmp_path).preset_id == name
