"""A real power-profiles-daemon on a bus of the test's, which changes nothing of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.rigs.bus_service import BusService
from tests.rigs.message_bus import MessageBus

_DAEMON = "/usr/libexec/power-profiles-daemon"
HAS_POWER_PROFILES = Path(_DAEMON).exists() and shutil.which("dbus-send") is not None
_NAME = "net.hadess.PowerProfiles"
_POLKIT = "org.freedesktop.PolicyKit1"
_DEADLINE_S = 30


class PowerProfiles:
    """The daemon, with a stand-in for polkit that allows everything."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._polkit = BusService(
            bus.address,
            [_POLKIT],
            {
                f"{_POLKIT}.Authority.CheckAuthorization": _allow,
                "org.freedesktop.DBus.Properties.GetAll": _about,
            },
        )
        environment = {
            **os.environ,
            "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
            "UMOCKDEV_DIR": str(bus.folder),  # where it looks for /sys
        }
        self._process = subprocess.Popen(
            [_DAEMON, "--replace"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def choose(self, profile: str) -> None:
        """Do what the owner's click does."""
        call = ["dbus-send", f"--bus={self._bus.address}", "--print-reply", f"--dest={_NAME}"]
        setting = [f"string:{_NAME}", "string:ActiveProfile", f"variant:string:{profile}"]
        method = ["/net/hadess/PowerProfiles", "org.freedesktop.DBus.Properties.Set"]
        subprocess.run(
            [*call, *method, *setting], check=True, timeout=_DEADLINE_S, capture_output=True
        )

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._polkit.close()


def _allow(*_question: object) -> tuple[str, tuple[Any, ...]]:
    return "(bba{ss})", ((True, False, {}),)


def _about(*_interface: object) -> tuple[str, tuple[Any, ...]]:
    facts = {
        "BackendName": ("s", "stub"),
        "BackendVersion": ("s", "1"),
        "BackendFeatures": ("u", 0),
    }
    return "a{sv}", (facts,)
