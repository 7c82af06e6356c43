"""Sessions, locks and waking up, as logind tells them over a real bus."""

from __future__ import annotations

import time

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.presence.logind import Logind
from gridle.worker.probes.presence.user_input import AWAY, unseen
from tests.fakes.bus_desktops import FakeLogind
from tests.rigs.bus_service import BusService
from tests.rigs.calls import Calls, until
from tests.rigs.message_bus import HAS_DBUS, MessageBus

pytestmark = pytest.mark.skipif(not HAS_DBUS, reason="needs dbus-daemon")

US, SOMEBODY = 1000, 1001


def watch_of(bus: Bus, *, own_is_watched: bool = True) -> Logind:
    return Logind(bus, US, "", lambda: own_is_watched)


def test_another_users_desktop_counts_as_present_until_it_locks_or_ends(
    daemon: MessageBus, bus: Bus
) -> None:
    logind, calls, watch = FakeLogind(daemon.address), Calls(), watch_of(bus)
    logind.log_in("1", US)
    watch.start(calls)
    assert watch.read() == AWAY
    logged_in_at = time.monotonic()
    logind.log_in("2", SOMEBODY)
    calls.after(logged_in_at)
    assert watch.read() == unseen(Blindness.OTHER_SESSION)
    logind.change("2", "LockedHint", "b", value=True)
    until(lambda: watch.read() == AWAY)
    logind.change("2", "LockedHint", "b", value=False)
    until(lambda: watch.read().session_unseen)
    logind.log_out("2")
    until(lambda: watch.read() == AWAY)
    logind.close()


def test_another_desktop_that_tells_its_idleness_is_believed(daemon: MessageBus, bus: Bus) -> None:
    logind, watch = FakeLogind(daemon.address), watch_of(bus)
    logind.log_in("2", SOMEBODY)
    watch.start(lambda: None)
    assert watch.read().session_unseen
    since_us = int((time.monotonic() - 300) * 1e6)
    logind.change("2", "IdleSinceHintMonotonic", "t", max(1, since_us))
    until(lambda: watch.read().seconds_since_input == 0)
    logind.change("2", "IdleHint", "b", value=True)
    until(lambda: (watch.read().seconds_since_input or 0) > 0)
    logind.close()


def test_the_own_session_in_the_background_or_locked_counts_as_locked(
    daemon: MessageBus, bus: Bus
) -> None:
    logind, calls, watch = FakeLogind(daemon.address), Calls(), watch_of(bus)
    logind.log_in("1", US)
    watch.start(calls)
    assert watch.locked_for_s() is None
    for member, while_locked in (("Active", False), ("LockedHint", True)):
        changed_at = time.monotonic()
        logind.change("1", member, "b", while_locked)
        calls.after(changed_at)
        assert watch.locked_for_s() is not None
        logind.change("1", member, "b", not while_locked)
        until(lambda: watch.locked_for_s() is None)
    logind.close()


def test_an_own_desktop_that_nothing_watches_cannot_be_seen(daemon: MessageBus, bus: Bus) -> None:
    logind, watch = FakeLogind(daemon.address), watch_of(bus, own_is_watched=False)
    logind.log_in("1", US)
    watch.start(lambda: None)
    assert watch.read() == unseen(Blindness.OTHER_SESSION)
    logind.close()


def test_waking_up_counts_as_input(daemon: MessageBus, bus: Bus) -> None:
    logind, calls, resumed = FakeLogind(daemon.address), Calls(), Calls()
    watch = Logind(bus, US, "", lambda: True, on_resume=resumed)
    watch.start(calls)
    logind.sleep(begins=True)
    woken_at = time.monotonic()
    logind.sleep(begins=False)
    resumed.after(woken_at)
    calls.after(woken_at)
    assert watch.read().seconds_since_input is not None
    logind.close()


def test_without_logind_there_are_no_other_sessions(daemon: MessageBus, bus: Bus) -> None:
    logind, watch = FakeLogind(daemon.address), watch_of(bus)
    logind.log_in("2", SOMEBODY)
    watch.start(lambda: None)
    assert watch.read().session_unseen
    logind.close()
    until(lambda: watch.read() == AWAY)


def test_a_list_of_another_shape_is_no_session(daemon: MessageBus, bus: Bus) -> None:
    answers = {"org.freedesktop.login1.Manager.ListSessions": lambda: ("as", (["1"],))}
    odd = BusService(daemon.address, ["org.freedesktop.login1"], answers)
    watch = watch_of(bus)
    watch.start(lambda: None)
    assert watch.read() == AWAY
    odd.close()
