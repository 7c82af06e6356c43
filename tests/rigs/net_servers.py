"""Servers in a namespace: python net_servers.py ADDRESS:PORT… Each says who it is, and what it got.

On port 443 it says every byte back; elsewhere it reads until a head is complete, and its body.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading


def serve(listener: socket.socket, name: str) -> None:
    """Answer one connection after the other."""
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            if name.endswith(":443"):
                while piece := connection.recv(65536):
                    connection.sendall(piece)
            else:
                got = b""
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65536)
                body = f"I am {name}\n".encode() + got
                if b"GET /big" in got:
                    body = b"x" * 3_000_000
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)


def main() -> None:
    """Listen on all of them, say so, and serve."""
    threads = []
    for name in sys.argv[1:]:
        address, _, port = name.rpartition(":")
        listener = socket.create_server((address, int(port)))
        threads.append(threading.Thread(target=serve, args=(listener, name)))
    for thread in threads:
        thread.start()
    sys.stdout.write("serving\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
