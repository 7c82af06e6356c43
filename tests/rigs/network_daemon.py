"""A real NetworkManager that manages nothing of this machine.

It runs in a network namespace of its own, with folders of its own where it keeps its state, on a
bus of the test's, and without the switches of this machine's radios.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.rigs.message_bus import MessageBus

NAME = "org.freedesktop.NetworkManager"
HAS_NETWORK_MANAGER = all(map(shutil.which, ("NetworkManager", "nmcli", "unshare"))) and (
    os.geteuid() == 0
)
_DEADLINE_S = 60
_CONFIG = """[main]
plugins=keyfile
dns=none
rc-manager=unmanaged
systemd-resolved=false
auth-polkit=root-only
no-auto-default=*
hostname-mode=none
[connectivity]
enabled=false
"""
_CONNECTION = """[connection]
id=out
type=tun
interface-name=tap0
metered=1
[tun]
mode=2
[ipv4]
method=manual
address1=192.0.2.2/24,192.0.2.1
[ipv6]
method=disabled
"""
_START = """set -e
for folder in /run /var/lib/NetworkManager /etc/NetworkManager; do mount -t tmpfs none $folder; done
mount -t sysfs -o ro sysfs /sys
[ ! -e /dev/rfkill ] || mount --bind /dev/null /dev/rfkill
mkdir -p /run/NetworkManager /etc/NetworkManager/system-connections /etc/NetworkManager/conf.d
printf '%s' "$CONFIG" > /etc/NetworkManager/NetworkManager.conf
umask 077
printf '%s' "$CONNECTION" > /etc/NetworkManager/system-connections/out.nmconnection
exec NetworkManager --no-daemon
"""


class NetworkDaemon:
    """NetworkManager with one connection, over a tap device, that is metered at first."""

    def __init__(self, bus: MessageBus) -> None:
        self._environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus.address}
        namespaces = ["unshare", "--net", "--mount", "--propagation", "private"]
        self._process = subprocess.Popen(
            [*namespaces, "sh", "-c", _START],
            env={**self._environment, "CONFIG": _CONFIG, "CONNECTION": _CONNECTION},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def set_metered(self, answer: str) -> None:
        """Set what the owner says of the connection: `yes`, `no` or `unknown`."""
        self._nmcli("connection", "modify", "out", "connection.metered", answer)
        self._nmcli("device", "reapply", "tap0")

    def kill(self) -> None:
        """End it at once; its namespaces, and all it made, go with it."""
        self._process.kill()
        self._process.wait()

    def _nmcli(self, *arguments: str) -> None:
        command = ["nmcli", "--wait", str(_DEADLINE_S), *arguments]
        subprocess.run(
            command, env=self._environment, check=True, timeout=_DEADLINE_S, capture_output=True
        )
