"""Real Wayland compositors of one's own, without a screen: sway, KWin and Weston."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gridle.worker.probes.presence.reconnecting import LineGoneError
from gridle.worker.probes.presence.wayland_connection import WaylandConnection

START_TIMEOUT_S = 30.0
_SWAY_CONFIG = """
xwayland disable
default_border none
focus_on_window_activation focus
"""


class Compositor:
    """A running compositor, its folder (`XDG_RUNTIME_DIR`), and a way to take it down."""

    def __init__(
        self,
        folder: Path,
        socket_name: str,
        argv: Sequence[str],
        settings: Mapping[str, str],
        user: str | None = None,
    ) -> None:
        """Start it and wait until it answers.

        Args:
            folder: where it keeps its sockets.
            socket_name: the name of the socket that it will open there.
            argv: how to start it.
            settings: environment variables of its own.
            user: whom it is to run as; None for us.
        """
        self.folder = folder
        self.socket = folder / socket_name
        self._argv, self._settings, self._user = argv, settings, user
        self._process = self._started()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program whose user sits here."""
        places = {"XDG_RUNTIME_DIR": str(self.folder), "WAYLAND_DISPLAY": str(self.socket)}
        return {**_without_session(), **places}

    def kill(self) -> None:
        """Take it down without a word."""
        self._process.kill()
        self._process.wait()
        self.socket.unlink(missing_ok=True)
        self.socket.with_suffix(".lock").unlink(missing_ok=True)

    def start_again(self) -> None:
        """Start it in the same place."""
        self._process = self._started()

    def close(self) -> None:
        """End it politely."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                self._argv,
                env={**self.environment, **self._settings},
                stdout=log,
                stderr=log,
                user=self._user,
                group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
                extra_groups=None if self._user is None else [],
            )
        try:
            self._wait_until_up(process)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up_at and process.poll() is None:
            with suppress(LineGoneError):
                connection = WaylandConnection(self.socket)
                connection.round_trip()
                connection.disconnect()
                return
            threading.Event().wait(0.02)
        message = f"{self._argv[0]} did not come up: {(self.folder / 'log').read_text()[-2000:]}"
        raise TimeoutError(message)


@contextmanager
def sway() -> Iterator[Compositor]:
    """Start sway, which offers KDE's idle protocol and tells of its windows.

    It will not run as root; then it runs as nobody.
    """
    with _runtime_folder() as folder:
        user = "nobody" if os.getuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        (folder / "config").write_text(_SWAY_CONFIG)
        settings = {
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
            "SWAYSOCK": str(folder / "sway.sock"),
        }
        argv = ["sway", "--config", str(folder / "config")]
        with _closed(Compositor(folder, "wayland-1", argv, settings, user)) as compositor:
            yield compositor


def tell_sway(compositor: Compositor, *words: str) -> None:
    """Give sway a command, as its user would by a key."""
    subprocess.run(
        ["swaymsg", "--quiet", "--socket", str(compositor.folder / "sway.sock"), *words],
        check=True,
        timeout=START_TIMEOUT_S,
    )


@contextmanager
def kwin() -> Iterator[Compositor]:
    """Start KWin, which offers ext-idle-notify-v1."""
    with _runtime_folder() as folder:
        # A copy has no file capabilities, which not every machine lets a program have.
        program = shutil.copyfile(shutil.which("kwin_wayland") or "", folder / "kwin_wayland")
        program.chmod(0o700)
        settings = {
            "KWIN_WAYLAND_NO_PERMISSION_CHECKS": "1",  # else its fake input is for KDE's own alone
            "KWIN_COMPOSE": "Q",  # draw without a graphics card
            "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder),
        }
        options = ["--virtual", "--no-lockscreen", "--no-global-shortcuts"]
        argv = [str(program), *options, "--socket", "wayland-kwin"]
        with _closed(Compositor(folder, "wayland-kwin", argv, settings)) as compositor:
            yield compositor


@contextmanager
def weston() -> Iterator[Compositor]:
    """Start Weston, which tells nobody how long its user rests."""
    with _runtime_folder() as folder:
        options = ["--backend=headless-backend.so", "--no-config", "--socket=wayland-weston"]
        with _closed(Compositor(folder, "wayland-weston", ["weston", *options], {})) as compositor:
            yield compositor


@contextmanager
def _closed(compositor: Compositor) -> Iterator[Compositor]:
    try:
        yield compositor
    finally:
        compositor.close()


@contextmanager
def _runtime_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gridle-wl-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _without_session() -> dict[str, str]:
    """Return our environment without the session that we may run in ourselves."""
    session = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SWAYSOCK")
    return {name: value for name, value in os.environ.items() if name not in session}
