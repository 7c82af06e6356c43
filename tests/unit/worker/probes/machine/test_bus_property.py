"""A property is asked for once, and then heard of; nonsense leaves it unknown."""

from __future__ import annotations

from typing import Any

import pytest

from gridle.worker.probes.dbus.service import Body, Call, OnReply, Signal
from gridle.worker.probes.machine.bus_property import (
    METERED,
    NETWORK_METERED,
    POWER_PROFILES,
    BusProperty,
)
from gridle.worker.probes.machine.linux import Services

PROPERTIES = "org.freedesktop.DBus.Properties"


class NetworkService:
    """Answers one question after the other."""

    def __init__(self, *answers: Body | None) -> None:
        self.answers = list(answers)
        self.asked: list[Call] = []

    def call(self, call: Call, on_reply: OnReply) -> None:
        self.asked.append(call)
        on_reply(self.answers.pop(0))

    def after(self, delay_s: float, do: Any) -> None:  # noqa: ANN401 - never called
        raise NotImplementedError


def changed(values: dict[str, tuple[str, Any]], *invalid: str) -> Signal:
    body = (NETWORK_METERED.interface, values, list(invalid))
    return Signal(NETWORK_METERED.path, PROPERTIES, "PropertiesChanged", body)


def metered() -> BusProperty[int]:
    return BusProperty(NETWORK_METERED, int)


def test_it_is_asked_for_when_the_service_appears_and_unknown_when_it_goes() -> None:
    followed, service = metered(), NetworkService((("u", 4),))
    followed.appeared(service)
    assert followed.value == 4
    assert service.asked == [
        Call(
            NETWORK_METERED.path,
            PROPERTIES,
            "Get",
            "ss",
            (NETWORK_METERED.interface, "Metered"),
        )
    ]
    followed.gone()
    assert followed.value is None


def test_a_change_is_taken_or_asked_for() -> None:
    followed, service = metered(), NetworkService((("u", 2),), (("u", 3),))
    followed.appeared(service)
    followed.heard(changed({"State": ("u", 70)}))
    assert followed.value == 2
    followed.heard(changed({"Metered": ("u", 1)}))
    assert followed.value == 1
    assert len(service.asked) == 1
    followed.heard(changed({}, "Metered"))
    assert followed.value == 3


@pytest.mark.parametrize("answer", [None, (), (("s", "yes"),), (7,), (("u",),)])
def test_nonsense_is_unknown(answer: Body | None) -> None:
    followed = metered()
    followed.appeared(NetworkService(answer))
    assert followed.value is None


@pytest.mark.parametrize(
    "body", [(), (NETWORK_METERED.interface,), (1, 2, 3), ("x", {"Metered": 1}, ["y"])]
)
def test_a_change_that_is_none_changes_nothing(body: Body) -> None:
    followed = metered()
    followed.appeared(NetworkService((("u", 1),)))
    followed.heard(Signal(NETWORK_METERED.path, PROPERTIES, "PropertiesChanged", body))
    assert followed.value == 1


@pytest.mark.parametrize(
    ("profiles", "saves"),
    [
        ((None, None), False),
        (("power-saver", None), True),
        ((None, "power-saver"), True),
        (("balanced", "balanced"), False),
    ],
)
def test_any_daemon_s_profile_counts(profiles: tuple[str | None, ...], saves: bool) -> None:  # noqa: FBT001 - the expected answer
    followed = tuple(BusProperty(address, str) for address in POWER_PROFILES)
    for each, value in zip(followed, profiles, strict=True):
        each.value = value
    assert Services(metered(), followed).power_saver() is saves


@pytest.mark.parametrize(("value", "costs"), [(1, True), (3, True), (0, False), (2, False)])
def test_yes_and_guessed_yes_are_metered(value: int, costs: bool) -> None:  # noqa: FBT001 - the same
    assert (value in METERED) is costs
    network = metered()
    network.value = value
    assert Services(network, ()).network().metered is costs
