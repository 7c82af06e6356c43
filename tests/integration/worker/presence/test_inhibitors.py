"""What keeps the screen on, as session managers and power services tell it over a real bus."""

from __future__ import annotations

import time

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.presence.gnome_inhibitors import GnomeInhibitors
from gridle.worker.probes.presence.logind_inhibitors import LogindInhibitors
from gridle.worker.probes.presence.power_inhibitors import PowerInhibitors
from tests.fakes.bus_desktops import FakeLogind, FakeSessionManager
from tests.rigs.bus_service import Answer, BusService
from tests.rigs.calls import DEADLINE_S, Calls, until
from tests.rigs.message_bus import HAS_DBUS, MessageBus

pytestmark = pytest.mark.skipif(not HAS_DBUS, reason="needs dbus-daemon")

AGAINST_SLEEP, AGAINST_IDLE = 4, 8
OURS = 4711
POWER = "org.freedesktop.PowerManagement"
KDE = "org.kde.Solid.PowerManagement.PolicyAgent"


def by(*programs: str) -> tuple[Attention, ...]:
    return tuple(Attention(AttentionKind.INHIBITOR, program) for program in programs)


def test_gnome_tells_programs_that_keep_the_screen_on(daemon: MessageBus, bus: Bus) -> None:
    gnome, calls, watch = FakeSessionManager(daemon.address), Calls(), GnomeInhibitors(bus)
    gnome.inhibit(1, "org.videolan.VLC", AGAINST_IDLE | AGAINST_SLEEP)
    gnome.inhibit(2, "backup", AGAINST_SLEEP)
    watch.start(calls)
    bus.start(DEADLINE_S)
    assert watch.read() == by("org.videolan.VLC")
    gnome.inhibit(3, "firefox\n", AGAINST_IDLE)
    until(lambda: watch.read() == by("firefox", "org.videolan.VLC"))
    released_at = time.monotonic()
    gnome.release(1)
    calls.after(released_at)
    assert watch.read() == by("firefox")
    gnome.close()
    until(lambda: watch.read() == ())


def test_an_older_power_service_tells_whether_and_perhaps_who(daemon: MessageBus, bus: Bus) -> None:
    face, path = f"{POWER}.Inhibit", "/org/freedesktop/PowerManagement/Inhibit"
    service = BusService(daemon.address, [POWER], {f"{face}.HasInhibit": lambda: ("b", (False,))})
    calls, watch = Calls(), PowerInhibitors(bus)
    watch.start(calls)
    bus.start(DEADLINE_S)
    assert watch.read() == ()
    service.answers[f"{face}.HasInhibit"] = lambda: ("b", (True,))
    service.emit(path, face, "HasInhibitChanged", "b", (True,))
    until(lambda: watch.read() == by(""))
    service.answers[f"{face}.GetInhibitors"] = lambda: ("as", (["Parole", "mpv"],))
    service.emit(path, face, "HasInhibitChanged", "b", (True,))
    until(lambda: watch.read() == by("Parole", "mpv"))
    service.answers[f"{face}.HasInhibit"] = lambda: ("b", (False,))
    service.emit(path, face, "HasInhibitChanged", "b", (False,))
    until(lambda: watch.read() == ())
    service.close()


def test_kde_knows_a_film_from_a_download(daemon: MessageBus, bus: Bus) -> None:
    older: dict[str, Answer] = {f"{POWER}.Inhibit.HasInhibit": lambda: ("b", (True,))}
    screen = {"on": False}
    answers: dict[str, Answer] = {
        **older,
        f"{KDE}.HasInhibition": lambda kinds: ("b", (screen["on"] and kinds == 4,)),
        f"{KDE}.ListInhibitions": lambda: ("a(ss)", ([("Dragon Player", "a film")],)),
    }
    service, watch = BusService(daemon.address, [POWER, KDE], answers), PowerInhibitors(bus)
    watch.start(lambda: None)
    bus.start(DEADLINE_S)
    assert watch.read() == ()
    screen["on"] = True
    path = "/org/kde/Solid/PowerManagement/PolicyAgent"
    service.emit(path, KDE, "InhibitionsChanged", "a(ss)as", ([], []))
    until(lambda: watch.read() == by("Dragon Player"))
    service.close()


def test_logind_tells_who_blocks_idleness_but_for_us(daemon: MessageBus, bus: Bus) -> None:
    logind, calls, watch = FakeLogind(daemon.address), Calls(), LogindInhibitors(bus, OURS)
    logind.inhibit(("idle", "mpv", "a film", "block", 1000, 1))
    watch.start(calls)
    bus.start(DEADLINE_S)
    assert watch.read() == by("mpv")
    logind.inhibit(
        ("sleep", "NetworkManager", "", "delay", 0, 2),
        ("sleep:shutdown", "backup", "", "block", 0, 3),
        ("idle", "delayer", "", "delay", 0, 4),
        ("sleep:idle", "apt", "", "block", 0, 5),
        ("idle", "Gridle", "", "block", 0, OURS),
    )
    until(lambda: watch.read() == by("apt"))
    logind.inhibit()
    until(lambda: watch.read() == ())
    logind.close()


def test_answers_of_another_shape_are_nothing(daemon: MessageBus, bus: Bus) -> None:
    odd = BusService(
        daemon.address,
        ["org.gnome.SessionManager", POWER, "org.freedesktop.login1"],
        {
            "org.gnome.SessionManager.GetInhibitors": lambda: ("u", (7,)),
            f"{POWER}.Inhibit.HasInhibit": lambda: ("s", ("yes",)),
            "org.freedesktop.login1.Manager.ListInhibitors": lambda: ("as", (["mpv"],)),
        },
    )
    watches = (GnomeInhibitors(bus), PowerInhibitors(bus), LogindInhibitors(bus))
    for watch in watches:
        watch.start(lambda: None)
    bus.start(DEADLINE_S)
    assert [watch.read() for watch in watches] == [(), (), ()]
    odd.close()
