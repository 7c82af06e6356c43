"""A registry over HTTP on loopback that keeps to the specification, unless a test has it not."""

from __future__ import annotations

import contextlib
import hashlib
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RANGE = re.compile(r"bytes=([0-9]+)-")


class StubRegistry:
    """Blobs and manifests by digest. `hooks` answer in its place, by the path asked for."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.hooks: dict[str, Callable[[Request], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.port = 0

    @property
    def repository(self) -> str:
        """What a manifest names."""
        return f"127.0.0.1:{self.port}/acme/tool"

    def put(self, data: bytes) -> str:
        """Keep a blob or manifest; returns its digest in hex."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.content[sha256] = data
        return sha256

    def hook(self, sha256: str, answer: Callable[[Request], None]) -> None:
        """Have `answer` answer whoever asks for this digest."""
        self.hooks[sha256] = answer


class Request(BaseHTTPRequestHandler):
    """One request, and the words for answering it."""

    registry: StubRegistry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.registry.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        sha256 = self.path.rpartition(":")[2]
        hook = self.registry.hooks.get(sha256) or self.registry.hooks.get(self.path.split("?")[0])
        with contextlib.suppress(OSError):  # whoever asked is gone
            if hook is not None:
                hook(self)
            else:
                self.serve(self.registry.content.get(sha256))

    def serve(self, data: bytes | None) -> None:
        """Answer as the specification has it, ranges included."""
        if data is None:
            self.answer(404, b"{}")
            return
        begins = _RANGE.fullmatch(self.headers.get("Range", ""))
        if begins is None:
            self.answer(200, data)
            return
        first = int(begins[1])
        where = f"bytes {first}-{len(data) - 1}/{len(data)}"
        self.answer(206, data[first:], {"Content-Range": where})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.head(status, {"Content-Length": str(len(body))} | (headers or {}))
        self.wfile.write(body)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Send an answer's head."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[StubRegistry]:
    """Serve on a free port of loopback."""
    registry = StubRegistry()
    kind = type("Handler", (Request,), {"registry": registry})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients cut us off on purpose
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    registry.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
