"""How the user is seen follows from the session, never from guesses."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from gridle.worker.policy.readings import Attention, Blindness
from gridle.worker.probes.dbus.service import Listener
from gridle.worker.probes.presence.build import find_user_input
from gridle.worker.probes.presence.user_input import (
    AWAY,
    InputReading,
    UserInput,
    unseen,
)
from tests.fakes.user_input import FakeInput

SEEN = InputReading(3.0, session_unseen=False)
NO_PROTOCOL, NO_ACCESS = unseen(Blindness.NO_IDLE_PROTOCOL), unseen(Blindness.NO_X_ACCESS)
_HERE = "gridle.worker.probes.presence"


class NoSigns(FakeInput):
    """A watch for full screens that sees none."""

    def read(self) -> tuple[Attention, ...]:  # type: ignore[override]
        return ()


class EmptyBus:
    """A bus on which nobody ever is."""

    def __init__(self, address: str) -> None:
        assert address == "unix:path=/nowhere"

    def listen(self, _name: str, _interests: object, to: Listener) -> None:
        to.gone()

    def start(self, wait_s: float) -> None:
        pass

    def close(self) -> None:
        pass


def put(monkeypatch: pytest.MonkeyPatch, module: str, name: str, made: object) -> list[object]:
    """Put a class in place of an adapter; returns the arguments that it was made with."""
    arguments: list[object] = []

    def make(*given: object) -> object:
        arguments.extend(given)
        return made

    stand_in = ModuleType(module)
    setattr(stand_in, name, make)
    monkeypatch.setitem(sys.modules, f"{_HERE}.{module}", stand_in)
    return arguments


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """Displays that see, and a machine with neither terminals nor gamepads."""
    monkeypatch.setattr("gridle.worker.probes.dbus.bus.Bus", EmptyBus)
    put(monkeypatch, "terminals", "Terminals", FakeInput(AWAY))
    put(monkeypatch, "gamepads", "Gamepads", FakeInput(AWAY))
    return {
        "wayland": put(monkeypatch, "wayland_input", "WaylandInput", FakeInput(SEEN)),
        "wayland full": put(monkeypatch, "wayland_fullscreen", "WaylandFullscreen", NoSigns(AWAY)),
        "x11": put(monkeypatch, "x11_input", "X11Input", FakeInput(SEEN)),
        "x11 full": put(monkeypatch, "fullscreen_x11", "FullscreenX11", NoSigns(AWAY)),
    }


def reading(environment: dict[str, str], platform: str = "linux") -> InputReading:
    """Return the reading of a machine whose buses are nowhere."""
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
    watch: UserInput = find_user_input({**nowhere, **environment}, platform)
    watch.start(lambda: None)
    try:
        return watch.read()
    finally:
        watch.close()


@pytest.mark.parametrize(
    ("environment", "expected", "made"),
    [
        ({}, AWAY, {}),
        ({"XDG_SESSION_TYPE": "tty"}, AWAY, {}),
        ({"XDG_SESSION_TYPE": "x11"}, NO_ACCESS, {}),
        ({"XDG_SESSION_TYPE": "wayland"}, NO_PROTOCOL, {}),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, NO_PROTOCOL, {}),
        ({"DISPLAY": ":7"}, SEEN, {"x11": [":7"], "x11 full": [":7"]}),
        (
            {"WAYLAND_DISPLAY": "wayland-9", "DISPLAY": ":7"},
            SEEN,
            {"wayland": ["wayland-9"], "wayland full": ["wayland-9"]},
        ),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}, AWAY, {}),
        (
            {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere", "XDG_SESSION_TYPE": "x11"},
            NO_ACCESS,
            {},
        ),
    ],
)
def test_sessions_of_linux(
    linux: dict[str, list[object]],
    environment: dict[str, str],
    expected: InputReading,
    made: dict[str, list[object]],
) -> None:
    assert reading(environment) == expected
    assert {name: given for name, given in linux.items() if given} == made


def test_without_xcffib_an_x_session_cannot_be_seen(
    linux: dict[str, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("x11_input", "fullscreen_x11"):
        monkeypatch.setitem(sys.modules, f"{_HERE}.{module}", None)  # importing it fails
    assert reading({"DISPLAY": ":7"}) == unseen(Blindness.NOT_BUILT)
    assert linux["wayland"] == []


@pytest.mark.parametrize(
    ("platform", "module", "name"),
    [
        ("win32", "windows_input", "WindowsInput"),
        ("darwin", "macos_input", "MacosInput"),
    ],
)
def test_other_systems_have_one_way_of_their_own(
    monkeypatch: pytest.MonkeyPatch, platform: str, module: str, name: str
) -> None:
    put(monkeypatch, module, name, FakeInput(SEEN))
    assert reading({"DISPLAY": ":7"}, platform) == SEEN


def test_a_system_that_is_not_known_is_seen_through_its_display(
    linux: dict[str, list[object]],
) -> None:
    assert reading({"DISPLAY": ":7"}, "freebsd14") == SEEN
    assert reading({}, "freebsd14") == AWAY
    assert linux["x11"] == [":7"]
