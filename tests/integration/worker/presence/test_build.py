"""A whole machine, as it is built: a real bus, a real headless Mutter, a logind of our own."""

from __future__ import annotations

import os
import time

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.build import find_user_input
from gridle.worker.probes.presence.user_input import UserInput
from tests.fakes.bus_desktops import FakeLogind, FakeScreenSaver, FakeSessionManager
from tests.rigs.calls import Calls, until
from tests.rigs.message_bus import HAS_DBUS, MessageBus
from tests.rigs.mutter import HAS_MUTTER, Mutter

pytestmark = pytest.mark.skipif(
    not (HAS_DBUS and HAS_MUTTER), reason="needs dbus-daemon and mutter"
)


def machine_of(daemon: MessageBus) -> UserInput:
    """Build a Wayland session whose compositor offers no protocol; one bus serves as both."""
    environment = {
        "XDG_SESSION_TYPE": "wayland",
        "DBUS_SESSION_BUS_ADDRESS": daemon.address,
        "DBUS_SYSTEM_BUS_ADDRESS": daemon.address,
    }
    return find_user_input(environment, "linux")


def test_a_gnome_session_from_login_to_lock(daemon: MessageBus) -> None:
    logind = FakeLogind(daemon.address)
    logind.log_in("1", os.getuid())
    machine, calls = machine_of(daemon), Calls()
    machine.start(calls)
    assert machine.read().blindness is Blindness.NO_IDLE_PROTOCOL

    mutter = Mutter(daemon)  # the desktop comes up after the worker
    until(lambda: not machine.read().session_unseen)
    until(lambda: (machine.read().seconds_since_input or 0) > 1.0)
    calls.after(mutter.press_key())
    assert (machine.read().seconds_since_input or 0) < 5

    gnome, saver = FakeSessionManager(daemon.address), FakeScreenSaver(daemon.address)
    gnome.inhibit(1, "mpv", 8)
    until(lambda: machine.read().attention == (Attention(AttentionKind.INHIBITOR, "mpv"),))

    saver.lock(on=True)
    until(lambda: machine.read().attention == ())
    saver.lock(on=False)
    until(lambda: machine.read().attention != ())

    logind.log_in("2", os.getuid() + 1)  # somebody else takes another seat
    until(lambda: machine.read().blindness is Blindness.OTHER_SESSION)
    logind.log_out("2")
    until(lambda: not machine.read().session_unseen)

    mutter.kill()  # the screen saver still tells
    until(lambda: (machine.read().seconds_since_input or 0) >= 60)
    saver.close()
    until(lambda: machine.read().blindness is Blindness.NO_IDLE_PROTOCOL)
    for service in (gnome, logind):
        service.close()
    machine.close()


def test_it_ends_at_once(daemon: MessageBus) -> None:
    machine = machine_of(daemon)
    machine.start(lambda: None)
    began_at = time.monotonic()
    machine.close()
    assert time.monotonic() - began_at < 4.0
