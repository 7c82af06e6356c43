"""A real Mutter without a screen, on a private bus, and a hand that types into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from jeepney import DBusAddress, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, prep_socket
from jeepney.wrappers import unwrap_msg

from tests.rigs.message_bus import MessageBus

HAS_MUTTER = shutil.which("mutter") is not None
START_TIMEOUT_S = 60.0
_REMOTE = "org.gnome.Mutter.RemoteDesktop"
_LEFT_SHIFT = 42


class Mutter:
    """A headless Wayland session of GNOME's compositor."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self.run_time = Path(bus.folder) / "run"
        self.run_time.mkdir(mode=0o700, exist_ok=True)
        self.begin()

    def begin(self) -> None:
        """Start Mutter; returns once it is on the bus."""
        nowhere = f"unix:path={self.run_time}/no-system-bus"
        self._process = subprocess.Popen(
            ["mutter", "--headless", "--virtual-monitor", "1280x720", "--wayland", "--no-x11"],
            env={
                **os.environ,
                "DBUS_SESSION_BUS_ADDRESS": self._bus.address,
                "DBUS_SYSTEM_BUS_ADDRESS": nowhere,
                "XDG_RUNTIME_DIR": str(self.run_time),
                "HOME": str(self.run_time),
                "GSETTINGS_BACKEND": "memory",
                "NO_AT_BRIDGE": "1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._line = DBusConnection(prep_socket(str(self._bus.folder / "bus"), timeout=10))
        self._wait_for_name(_REMOTE)
        self._session = ""

    def press_key(self) -> float:
        """Press and release a key; returns the moment just before Mutter was asked to."""
        if not self._session:
            manager = DBusAddress("/org/gnome/Mutter/RemoteDesktop", _REMOTE, _REMOTE)
            self._session = self._call(manager, "CreateSession")[0]
            self._call(self._session_face(), "Start")
        before = time.monotonic()
        for down in (True, False):
            self._call(self._session_face(), "NotifyKeyboardKeycode", "ub", (_LEFT_SHIFT, down))
        return before

    def kill(self) -> None:
        """End Mutter at once."""
        self._process.kill()
        self._process.wait()
        self._line.close()

    def _session_face(self) -> DBusAddress:
        return DBusAddress(self._session, _REMOTE, f"{_REMOTE}.Session")

    def _call(
        self,
        face: DBusAddress,
        member: str,
        signature: str | None = None,
        body: tuple[object, ...] = (),
    ) -> tuple[str, ...]:
        call = new_method_call(face, member, signature, body)
        return tuple(unwrap_msg(self._line.send_and_get_reply(call, timeout=20)))

    def _wait_for_name(self, name: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            owned = unwrap_msg(self._line.send_and_get_reply(message_bus.NameHasOwner(name)))[0]
            if owned:
                return
            assert time.monotonic() < deadline, "Mutter did not come"
            assert self._process.poll() is None, "Mutter has ended"
            time.sleep(0.05)
