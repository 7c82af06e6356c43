"""A loopback HTTP server that answers as a test tells it, and checks every signature."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gridle.market.protocol.verifying import Signed, verify_request


@dataclass(frozen=True)
class Answer:
    """What the server says; `cut` closes the connection instead of answering."""

    status: int = 200
    body: bytes = b"{}"
    cut: bool = False


@dataclass(frozen=True)
class Seen:
    """A request that arrived, its signature checked."""

    method: str
    path: str
    body: bytes
    signed: Signed


@dataclass
class ScriptedServer:
    """Answers in order; the last answer stays."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A running server."""
    scripted = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            digest = hashlib.sha256(body).hexdigest()
            url = scripted.url + self.path
            signed = verify_request(self.command, url, dict(self.headers.items()), digest)
            scripted.seen.append(Seen(self.command, self.path, body, signed))
            answer = scripted.next_answer()
            if answer.cut:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_HEAD = _handle  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scripted.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=lambda: httpd.serve_forever(poll_interval=0.02))
    thread.start()
    yield scripted
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
