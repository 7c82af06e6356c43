from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.limit_settings import changed
from gridle.worker.policy.limit_fields import (
    Field,
    FieldKind,
    limit_fields,
    value_of,
    wanted_by,
    with_values,
)
from gridle.worker.policy.limit_meta import Section
from gridle.worker.policy.limits import Limits, default_limits
from tests.rigs.any_limits import LIMITS as ANY_LIMITS

LIMITS = default_limits(4, 2**33)
FIELDS = limit_fields()
BY_KEY = {field.key: field for field in FIELDS}


def test_every_leaf_of_the_model_is_a_field() -> None:
    def leaves(tree: dict[str, object], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in tree.items():
            if isinstance(value, dict):
                found |= leaves(value, f"{prefix}{name}.")
            else:
                found.add(f"{prefix}{name}")
        return found

    assert leaves(msgspec.to_builtins(LIMITS)) == set(BY_KEY)
    assert len(FIELDS) == len(BY_KEY)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_every_field_says_what_a_person_needs(field: Field) -> None:
    assert field.label.en
    assert field.label.zh
    assert isinstance(field.section, Section)
    if field.kind is FieldKind.NUMBER:
        assert field.least is not None
        assert field.most is not None
        assert field.unit
        assert f"{field.least} to {field.most}" in wanted_by(field).en
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        assert field.choices
    if field.help is not None:
        assert field.help.en.endswith(".")
        assert field.help.zh.endswith("。")
    assert not field.label.en.endswith(".")


@pytest.mark.parametrize("field", [field for field in FIELDS if field.example], ids=str)
def test_every_example_is_taken(field: Field) -> None:
    changed(LIMITS, [f"{field.key}={field.example.strip(chr(34))}"])


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_choices_have_words_for_every_value(field: Field) -> None:
    for word, said in field.choices:
        value = (word,) if field.kind is FieldKind.CHOICES else word
        assert field.checked(value) == value
        assert said.zh
    for wrong in ("none of them", ("none of them",)):
        if field.choices:
            with pytest.raises(InvalidInputError):
                field.checked(wrong)


@pytest.mark.parametrize(
    "field", [each for each in FIELDS if each.kind is FieldKind.NUMBER], ids=lambda each: each.key
)
def test_bounds_are_those_of_the_type(field: Field) -> None:
    assert field.least is not None
    assert field.most is not None
    assert field.checked(field.least) == field.least
    assert field.checked(field.most) == field.most
    for wrong in (field.least - 1, field.most + 1, "1", 1.5):
        with pytest.raises(InvalidInputError, match=field.key):
            field.checked(wrong)


@given(ANY_LIMITS)
def test_values_that_are_taken_out_and_put_in_again_change_nothing(limits: Limits) -> None:
    values = {field.key: value_of(limits, field.key) for field in FIELDS}
    assert with_values(LIMITS, values) == limits
    assert with_values(limits, {}) == limits


def test_a_default_is_what_a_file_means_that_leaves_the_field_out() -> None:
    least = {
        group: {
            name: value_of(LIMITS, f"{group}.{name}")
            for name in ("cpu_percent", "cores", "memory_mib")
        }
        for group in ("while_away", "while_in_use")
    }
    read = msgspec.convert(least, Limits)
    for field in FIELDS:
        expected = value_of(LIMITS, field.key) if field.default is None else field.default
        assert value_of(read, field.key) == expected, field.key


def test_the_schema_carries_titles_units_and_bounds() -> None:
    (_, components) = msgspec.json.schema_components([Limits])
    for field in FIELDS:
        group, _, name = field.key.rpartition(".")
        owner = {"": "Limits", "electricity": "Electricity", "tasks": "TaskRules"}.get(
            group, "Budget"
        )
        described = components[owner]["properties"][name]
        assert described["title"] == field.label.en
        assert described["x-title-zh"] == field.label.zh
        assert described["x-unit"] == field.unit
        if field.kind is FieldKind.NUMBER:
            assert (described["minimum"], described["maximum"]) == (field.least, field.most)
