"""The stub market behind a real loopback HTTP server that checks every signature."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import msgspec

from gridle.market.protocol import routes
from gridle.market.protocol.messages import (
    ErrorReply,
    LeaseRenewals,
    LeaseRequest,
    NodeEnrolment,
    NodeRecord,
    ReportBatch,
)
from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.verifying import verify_request
from tests.fakes.market_stub import StubMarket
from tests.rigs.worker_jobs import INFO

_LONGEST_WAIT_S = 0.3
"""Long-polls end sooner here than they ask for, so that tests end soon."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    market: StubMarket
    owner: LoopbackMarket

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = self.owner.url + self.path
        verify_request(
            self.command, url, dict(self.headers.items()), hashlib.sha256(body).hexdigest()
        )
        path = urlsplit(self.path).path
        if self.owner.is_ill:
            self._send(503, msgspec.json.encode(ErrorReply(Sentence("Ill.", "故障。"))))
        elif path.startswith(routes.BLOBS):
            self._blob(path.rpartition("/")[2], body)
        else:
            self._send(200, msgspec.json.encode(self._answer(path, body)))

    def _answer(self, path: str, body: bytes) -> object:
        decode = msgspec.json.decode
        match path:
            case routes.MARKET:
                return INFO
            case routes.NODES:
                enrolment = decode(body, type=NodeEnrolment)
                self.market.enrolled = enrolment.sealing
                return NodeRecord("ab" * 32, enrolment.payout_address, 0.0)
            case routes.LEASES:
                return self.market.take(decode(body, type=LeaseRequest), _LONGEST_WAIT_S)
            case routes.LEASES_RENEW:
                return self.market.renew(decode(body, type=LeaseRenewals).lease_ids)
            case routes.REPORTS:
                return self.market.take_reports(decode(body, type=ReportBatch).reports)
            case _:
                return self._awaited(path)

    def _awaited(self, path: str) -> object:
        if path.endswith("/key"):
            return self.market.wrapped_keys(path.split("/")[-2], _LONGEST_WAIT_S)
        after = int(parse_qs(urlsplit(self.path).query)["after"][0])
        return self.market.page(after, _LONGEST_WAIT_S)

    def _blob(self, sha256: str, body: bytes) -> None:
        if self.command == "PUT" and self.market.is_full:
            self._send(507, msgspec.json.encode(ErrorReply(Sentence("Full.", "已满。"))))
            return
        if self.command == "PUT":
            assert self.market.store(body) == sha256
            self._send(201, b"{}")
            return
        data = self.market.blobs.get(sha256)
        if data is None:
            self._send(404, msgspec.json.encode(ErrorReply(Sentence("No blob.", "没有数据。"))))
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        cut = self.owner.cut_after_bytes
        self._send(206 if start else 200, data[start:], cut)

    def _send(self, status: int, body: bytes, cut_after_bytes: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_after_bytes])
        if cut_after_bytes is not None and cut_after_bytes < len(body):
            self.close_connection = True


class LoopbackMarket:
    """A context manager; `is_ill` answers 503, `cut_after_bytes` breaks downloads off."""

    def __init__(self, market: StubMarket) -> None:
        self.is_ill = False
        self.cut_after_bytes: int | None = None
        handler = type("Handler", (_Handler,), {"market": market, "owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
