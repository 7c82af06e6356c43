"""The user's hands, seen through a real headless Mutter with real key presses."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.presence.hands import REST_MS
from gridle.worker.probes.presence.mutter_idle import MutterIdle
from gridle.worker.probes.presence.user_input import unseen
from tests.rigs.calls import Calls, until
from tests.rigs.message_bus import HAS_DBUS, MessageBus
from tests.rigs.mutter import HAS_MUTTER, Mutter

pytestmark = pytest.mark.skipif(
    not (HAS_DBUS and HAS_MUTTER), reason="needs dbus-daemon and mutter"
)

TARGET_S = 0.050


@pytest.fixture
def mutter(daemon: MessageBus) -> Iterator[Mutter]:
    mutter = Mutter(daemon)
    yield mutter
    mutter.kill()


def test_the_first_key_after_a_rest_is_told_at_once(mutter: Mutter, bus: Bus) -> None:
    calls, watch = Calls(), MutterIdle(bus)
    watch.start(calls)
    assert not watch.read().session_unseen
    mutter.press_key()
    delays_s = []
    for _ in range(5):
        until(lambda: (watch.read().seconds_since_input or 0) * 1000 > REST_MS + 200)
        pressed_at = mutter.press_key()
        delays_s.append(calls.after(pressed_at) - pressed_at)
        assert (watch.read().seconds_since_input or 0) < 1.0
    assert min(delays_s) < TARGET_S


def test_nothing_is_told_while_nobody_is_there(mutter: Mutter, bus: Bus) -> None:
    told, watch = list[None](), MutterIdle(bus)
    watch.start(lambda: told.append(None))
    until(lambda: (watch.read().seconds_since_input or 0) > 1.0)
    told.clear()
    first = watch.read().seconds_since_input
    until(lambda: (watch.read().seconds_since_input or 0) > (first or 0) + 1.0)
    assert not told
    pressed_at = mutter.press_key()
    until(lambda: bool(told))
    assert (watch.read().seconds_since_input or 0) < time.monotonic() - pressed_at + 1


def test_a_mutter_that_dies_leaves_the_session_unseen_until_it_is_back(
    mutter: Mutter, bus: Bus
) -> None:
    calls, watch = Calls(), MutterIdle(bus)
    watch.start(calls)
    killed_at = time.monotonic()
    mutter.kill()
    calls.after(killed_at)
    assert watch.read() == unseen(Blindness.NO_IDLE_PROTOCOL)
    mutter.begin()
    until(lambda: not watch.read().session_unseen)


def test_a_bus_without_mutter_is_an_unseen_session(bus: Bus) -> None:
    watch = MutterIdle(bus)
    watch.start(lambda: None)
    assert watch.read() == unseen(Blindness.NO_IDLE_PROTOCOL)
