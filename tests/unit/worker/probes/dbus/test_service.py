"""Messages are checked before anybody believes them."""

from __future__ import annotations

from typing import Any

import pytest

from gridle.worker.probes.dbus.service import Body, Interest, Signal, properties, typed, variant

CHANGED = Interest("org.example.Lamp", "Changed", path="/lamp", first_argument="x")


@pytest.mark.parametrize(
    ("signal", "covered"),
    [
        (Signal("/lamp", "org.example.Lamp", "Changed", ("x", 1)), True),
        (Signal("/other", "org.example.Lamp", "Changed", ("x",)), False),
        (Signal("/lamp", "org.example.Lamp", "Changed", ("y",)), False),
        (Signal("/lamp", "org.example.Lamp", "Changed", ()), False),
        (Signal("/lamp", "org.example.Lamp", "Gone", ("x",)), False),
        (Signal("/lamp", "org.example.Fan", "Changed", ("x",)), False),
    ],
)
def test_an_interest_covers_what_it_names(signal: Signal, covered: bool) -> None:  # noqa: FBT001
    assert CHANGED.covers(signal) is covered


def test_an_empty_field_takes_any() -> None:
    interest = Interest("org.example.Lamp", "Changed")
    assert interest.covers(Signal("/any", "org.example.Lamp", "Changed", ()))
    assert interest.rule("org.example") == (
        "type='signal',sender='org.example',interface='org.example.Lamp',member='Changed'"
    )


@pytest.mark.parametrize(
    ("body", "value"),
    [(("a", 1), ("a", 1)), (("a",), None), ((1, "a"), None), (("a", True), None), (None, None)],
)
def test_arguments_of_another_type_are_none(body: Body | None, value: Any) -> None:  # noqa: ANN401
    assert typed(body, tuple[str, int]) == value


def test_a_variant_is_taken_out_of_its_wrapping() -> None:
    assert variant((("b", True),), bool) is True
    assert variant((("s", "yes"),), bool) is None
    assert variant((True,), bool) is None
    assert properties(({"Active": ("b", True), "Name": ("s", "n")},)) == {
        "Active": True,
        "Name": "n",
    }
    assert properties((7,)) == {}
    assert properties(None) == {}
