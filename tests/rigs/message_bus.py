"""A real message bus of our own: a private dbus-daemon that a test may kill."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

HAS_DBUS = shutil.which("dbus-daemon") is not None
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class MessageBus:
    """A dbus-daemon; `kill` it and `begin` it again at the same address."""

    def __init__(self, kind: str = "session") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gridle-bus-"))
        self.address = f"unix:path={self.folder}/bus"
        self._config = self.folder / "bus.conf"
        self._config.write_text(_CONFIG.format(kind=kind, socket=self.folder / "bus"))
        self._process: subprocess.Popen[str] | None = None
        self.begin()

    def begin(self) -> None:
        """Start the daemon; returns once it listens."""
        (self.folder / "bus").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", f"--config-file={self._config}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "dbus-daemon did not start"

    def kill(self) -> None:
        """End the daemon at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def remove(self) -> None:
        """End it for good."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
