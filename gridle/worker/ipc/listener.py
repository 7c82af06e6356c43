"""The door itself: a Unix socket where there are such, else loopback TCP with a port file.

The TCP half serves Windows and has been run only by tests on other systems.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.ipc.endpoint import Endpoint

LOOPBACK = "127.0.0.1"
_BACKLOG = 8
HAS_UNIX_SOCKETS = sys.platform != "win32"


def listen(endpoint: Endpoint, *, by_unix_socket: bool = HAS_UNIX_SOCKETS) -> socket.socket:
    """Open the door. The caller holds the home's lock, so a socket file there is a leftover.

    Raises:
        UnavailableError: the socket cannot be made in that folder.
    """
    try:
        return _listen_unix(endpoint) if by_unix_socket else _listen_tcp(endpoint)
    except OSError as error:
        raise UnavailableError(
            f"The worker cannot open its local socket ({error}); check that {endpoint.home} can "
            "be written.",
            f"工作端无法打开本地套接字（{error}）；请检查 {endpoint.home} 是否可写。",
        ) from error


def connect(
    endpoint: Endpoint, timeout_s: float, *, by_unix_socket: bool = HAS_UNIX_SOCKETS
) -> socket.socket:
    """Knock at the door.

    Raises:
        OSError: nobody is there.
    """
    if not by_unix_socket:
        port = int(endpoint.port_path.read_text("ascii"))
        return socket.create_connection((LOOPBACK, port), timeout_s)
    _refuse_strange_folder(endpoint.socket_path.parent)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout_s)
    try:
        client.connect(os.fspath(endpoint.socket_path))
    except BaseException:
        client.close()
        raise
    return client


def close(listener: socket.socket, endpoint: Endpoint) -> None:
    """Shut the door and remove its file."""
    listener.close()
    endpoint.socket_path.unlink(missing_ok=True)
    endpoint.port_path.unlink(missing_ok=True)


def _listen_unix(endpoint: Endpoint) -> socket.socket:
    path = endpoint.socket_path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_strange_folder(path.parent)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)  # the socket is the owner's alone from its first moment
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _refuse_strange_folder(folder: Path) -> None:
    """Refuse a folder in which another user could put a door of its own, and be told the token.

    The runtime folder may be one that anybody can make before us.

    Raises:
        PermissionError: it is another user's, or anybody may write in it.
    """
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & stat.S_IWOTH:
        raise PermissionError(
            errno.EPERM, "this folder belongs to, or can be changed by, somebody else", folder
        )


def _listen_tcp(endpoint: Endpoint) -> socket.socket:
    listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
    draft = endpoint.port_path.with_suffix(".new")
    draft.write_text(str(listener.getsockname()[1]), "ascii")
    draft.replace(endpoint.port_path)
    return listener
