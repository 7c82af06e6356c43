"""How the user is seen on this machine: the one place that asks what its sessions are made of.

Only what is certain beforehand is decided here. Whether a compositor or a desktop really tells
how long its user rests is found at run time, by `FirstThatSees`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.attention import AttentionWatch
from gridle.worker.probes.presence.first_that_sees import FirstThatSees
from gridle.worker.probes.presence.sessions import Sessions
from gridle.worker.probes.presence.user_input import (
    AWAY,
    UNSEEN,
    FixedInput,
    UserInput,
    unseen,
)

if TYPE_CHECKING:
    from gridle.worker.probes.dbus.bus import Bus
    from gridle.worker.probes.presence.screen_lock import Lock

_ON_WAYLAND = ("wayland", "mir")


def find_user_input(
    environment: Mapping[str, str],
    platform: str,
    on_resume: Callable[[], None] = lambda: None,
    system_bus: Bus | None = None,
) -> UserInput:
    """Choose how to see whether somebody uses this machine.

    Args:
        environment: the variables that tell of displays, sessions and buses.
        platform: as in `sys.platform`.
        on_resume: comes from a thread when the machine has woken up (Linux only).
        system_bus: the bus of system services where others watch it too; its owner closes it.
    """
    if platform == "win32":
        from gridle.worker.probes.presence.windows_input import WindowsInput  # noqa: PLC0415 - this OS alone has what it needs

        return WindowsInput()
    if platform == "darwin":
        from gridle.worker.probes.presence.macos_input import MacosInput  # noqa: PLC0415 - this OS alone has what it needs

        return MacosInput()
    if platform == "linux":
        return _linux(environment, on_resume, system_bus)
    ways = _displays(environment)
    return FirstThatSees(ways) if ways else FixedInput(AWAY)


def _linux(
    environment: Mapping[str, str], on_resume: Callable[[], None], shared_system_bus: Bus | None
) -> UserInput:
    """Join everything that Linux, its buses and its displays tell."""
    # jeepney is there on Linux alone.
    from gridle.worker.probes.dbus.address import session_bus_address, system_bus_address  # noqa: PLC0415
    from gridle.worker.probes.dbus.bus import Bus  # noqa: PLC0415
    from gridle.worker.probes.presence.gamepads import Gamepads  # noqa: PLC0415
    from gridle.worker.probes.presence.logind import Logind  # noqa: PLC0415
    from gridle.worker.probes.presence.logind_inhibitors import LogindInhibitors  # noqa: PLC0415
    from gridle.worker.probes.presence.terminals import Terminals  # noqa: PLC0415

    address = session_bus_address(environment)
    session_bus = None if address is None else Bus(address)
    system_bus = shared_system_bus or Bus(system_bus_address(environment))
    buses = (session_bus, None if shared_system_bus else system_bus)
    own = _own_session(environment, session_bus)
    session_id = environment.get("XDG_SESSION_ID", "")
    logind = Logind(system_bus, os.getuid(), session_id, lambda: own.read() != AWAY, on_resume)
    locks, attention = _desktop_signs(session_bus)
    return Sessions(
        own,
        locks=(*locks, logind),
        attention=(*_full_screens(environment), *attention, LogindInhibitors(system_bus)),
        others=(Terminals(), Gamepads(), logind),
        buses=[bus for bus in buses if bus is not None],
    )


def _own_session(environment: Mapping[str, str], session_bus: Bus | None) -> UserInput:
    """Return the ways to see the session that this program belongs to, the best first."""
    ways = _displays(environment)
    otherwise = None if ways else AWAY
    if session_bus is not None:
        from gridle.worker.probes.presence.mutter_idle import MutterIdle  # noqa: PLC0415 - jeepney
        from gridle.worker.probes.presence.screensaver_idle import ScreenSaverIdle  # noqa: PLC0415 - jeepney

        ways += [MutterIdle(session_bus), ScreenSaverIdle(session_bus)]
    return FirstThatSees(ways, otherwise) if ways else FixedInput(AWAY)


def _displays(environment: Mapping[str, str]) -> list[UserInput]:
    """Return the way to see the session's display; none where there is no display.

    A Wayland session may have an X server for old programs, which sees only their input, and so
    is not asked.
    """
    session = environment.get("XDG_SESSION_TYPE", "")
    wayland, display = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland:
        from gridle.worker.probes.presence.wayland_input import WaylandInput  # noqa: PLC0415 - only Wayland machines load it

        return [WaylandInput(wayland)]
    if session in _ON_WAYLAND:
        return [FixedInput(unseen(Blindness.NO_IDLE_PROTOCOL))]
    if display:
        try:
            from gridle.worker.probes.presence.x11_input import X11Input  # noqa: PLC0415 - only X machines load xcffib
        except ImportError:
            return [FixedInput(UNSEEN)]
        return [X11Input(display)]
    return [FixedInput(unseen(Blindness.NO_X_ACCESS))] if session == "x11" else []


def _full_screens(environment: Mapping[str, str]) -> list[AttentionWatch]:
    """Return the ways to see that a program fills the screen."""
    wayland, display = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland:
        from gridle.worker.probes.presence.wayland_fullscreen import WaylandFullscreen  # noqa: PLC0415 - as above

        return [WaylandFullscreen(wayland)]
    if display and environment.get("XDG_SESSION_TYPE", "") not in _ON_WAYLAND:
        try:
            from gridle.worker.probes.presence.fullscreen_x11 import FullscreenX11  # noqa: PLC0415 - only X machines load xcffib
        except ImportError:
            return []
        return [FullscreenX11(display)]
    return []


def _desktop_signs(session_bus: Bus | None) -> tuple[list[Lock], list[AttentionWatch]]:
    """Return what the desktop tells over its bus: its lock, and what keeps its screen on."""
    if session_bus is None:
        return [], []
    from gridle.worker.probes.presence.gnome_inhibitors import GnomeInhibitors  # noqa: PLC0415 - jeepney
    from gridle.worker.probes.presence.power_inhibitors import PowerInhibitors  # noqa: PLC0415 - jeepney
    from gridle.worker.probes.presence.screen_lock import ScreenLock  # noqa: PLC0415 - jeepney

    return [ScreenLock(session_bus)], [GnomeInhibitors(session_bus), PowerInhibitors(session_bus)]
