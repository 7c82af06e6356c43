"""Doors of this machine that no task may find."""

from __future__ import annotations

import secrets
import socket


class Doors:
    """A TCP port, a UDP port and an abstract name; the kernel keeps who came."""

    def __init__(self) -> None:
        self._tcp = socket.socket()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._abstract = socket.socket(socket.AF_UNIX)
        for each in (self._tcp, self._udp):
            each.bind(("0.0.0.0", 0))  # noqa: S104 - an attack may come by any way
        self.name = f"gridle-{secrets.token_hex(8)}"
        self._abstract.bind(f"\0{self.name}")
        self._tcp.listen()
        self._abstract.listen()

    @property
    def tcp_port(self) -> int:
        return int(self._tcp.getsockname()[1])

    @property
    def udp_port(self) -> int:
        return int(self._udp.getsockname()[1])

    def visitors(self) -> list[str]:
        """Return by which doors somebody came since the last look."""
        found = []
        for door in (self._tcp, self._udp, self._abstract):
            door.settimeout(0)
            try:
                if door is self._udp:
                    door.recv(512)
                else:
                    door.accept()[0].close()
            except BlockingIOError:
                continue
            found.append(str(door))
        return found

    def close(self) -> None:
        for door in (self._tcp, self._udp, self._abstract):
            door.close()
