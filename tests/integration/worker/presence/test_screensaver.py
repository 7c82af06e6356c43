"""Idle time and locks as a screen saver tells them, over a real bus."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.presence.screen_lock import ScreenLock
from gridle.worker.probes.presence.screensaver_idle import ScreenSaverIdle
from gridle.worker.probes.presence.user_input import unseen
from tests.fakes.bus_desktops import FakeScreenSaver
from tests.rigs.calls import DEADLINE_S, Calls, until
from tests.rigs.message_bus import HAS_DBUS, MessageBus

pytestmark = pytest.mark.skipif(not HAS_DBUS, reason="needs dbus-daemon")

TARGET_S = 0.5


def test_input_is_seen_at_once_while_work_runs(daemon: MessageBus, bus: Bus) -> None:
    saver, calls, watch = FakeScreenSaver(daemon.address), Calls(), ScreenSaverIdle(bus)
    watch.start(calls)
    assert (watch.read().seconds_since_input or 0) >= 60
    watch.watch_closely(on=True)
    delays_s = []
    for _ in range(3):
        saver.idle_ms = 60_000
        until(lambda: (watch.read().seconds_since_input or 0) >= 60)
        touched_at, saver.idle_ms = time.monotonic(), 0
        delays_s.append(calls.after(touched_at) - touched_at)
        assert (watch.read().seconds_since_input or 0) < 1
    assert min(delays_s) < TARGET_S
    saver.close()


def test_it_is_seldom_asked_while_nothing_depends_on_it(daemon: MessageBus, bus: Bus) -> None:
    saver, watch = FakeScreenSaver(daemon.address), ScreenSaverIdle(bus)
    watch.start(lambda: None)
    watch.watch_closely(on=True)
    for _ in range(5):
        saver.calls.get(timeout=DEADLINE_S)
    watch.watch_closely(on=False)
    last_at = time.monotonic()
    for _ in range(3):
        saver.calls.get(timeout=DEADLINE_S)
    assert time.monotonic() - last_at > 3.0
    saver.close()


def test_a_desktop_that_does_not_say_is_unseen(daemon: MessageBus, bus: Bus) -> None:
    saver, calls, watch = FakeScreenSaver(daemon.address), Calls(), ScreenSaverIdle(bus)
    saver.idle_ms = None
    watch.start(calls)
    assert watch.read() == unseen(Blindness.NO_IDLE_PROTOCOL)
    saver.close()


def test_a_screen_saver_that_leaves_is_unseen(daemon: MessageBus, bus: Bus) -> None:
    saver, calls, watch = FakeScreenSaver(daemon.address), Calls(), ScreenSaverIdle(bus)
    watch.start(calls)
    assert not watch.read().session_unseen
    left_at = time.monotonic()
    saver.close()
    calls.after(left_at)
    assert watch.read() == unseen(Blindness.NO_IDLE_PROTOCOL)


@pytest.mark.parametrize("name", ["org.gnome.ScreenSaver", "org.freedesktop.ScreenSaver"])
def test_a_lock_is_told_and_ends_with_its_screen_saver(
    daemon: MessageBus, bus: Bus, name: str
) -> None:
    saver, calls, lock = FakeScreenSaver(daemon.address, name), Calls(), ScreenLock(bus)
    lock.start(calls)
    bus.start(DEADLINE_S)
    assert lock.locked_for_s() is None
    unlocks: tuple[Callable[[], None], ...] = (lambda: saver.lock(on=False), saver.close)
    for unlock in unlocks:
        locked_at = time.monotonic()
        saver.lock(on=True)
        calls.after(locked_at)
        assert (lock.locked_for_s() or 1e9) < DEADLINE_S
        unlocked_at = time.monotonic()
        unlock()
        calls.after(unlocked_at)
        assert lock.locked_for_s() is None


def test_a_screen_that_is_locked_already_is_found_so(daemon: MessageBus, bus: Bus) -> None:
    saver, lock = FakeScreenSaver(daemon.address), ScreenLock(bus)
    saver.active = True
    lock.start(lambda: None)
    bus.start(DEADLINE_S)
    assert lock.locked_for_s() is not None
    saver.close()
