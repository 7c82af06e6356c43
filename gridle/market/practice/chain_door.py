"""The practice chain's HTTP door: JSON-RPC 2.0 by POST, on this machine only."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from gridle.market.practice.chain_rpc import Methods, RpcError, RpcRequest
from gridle.market.protocol.codec import MAX_MESSAGE_BYTES
from gridle.market.protocol.errors import UnavailableError

HOST = "127.0.0.1"
IDLE_TIMEOUT_S = 60.0


class Door(ThreadingHTTPServer):
    """Serves one chain; requests take turns."""

    daemon_threads = True
    # A port that a stopped chain has just left may be taken again at once.
    allow_reuse_address = True

    def __init__(self, port: int, methods: Methods) -> None:
        """Listen on `port` (0: any free one).

        Raises:
            UnavailableError: the port is taken.
        """
        self._methods = methods
        self._turn = threading.Lock()
        try:
            super().__init__((HOST, port), _Request)
        except (OSError, OverflowError) as error:
            raise UnavailableError(
                f"The practice chain cannot listen on port {port}: another program uses it. "
                "Stop that program, or choose another port with --port.",
                f"练习链无法监听端口 {port}：端口已被占用。请停止占用程序，或用 --port 另选。",
            ) from error

    @property
    def url(self) -> str:
        """Where clients find the door."""
        return f"http://{HOST}:{self.server_address[1]}"

    def reply(self, untrusted_body: bytes) -> bytes:
        """Answer the body of one POST: a request or a batch of them."""
        try:
            if untrusted_body.lstrip()[:1] == b"[":
                batch = msgspec.json.decode(untrusted_body, type=list[RpcRequest])
                return msgspec.json.encode([self._reply_one(request) for request in batch])
            return msgspec.json.encode(
                self._reply_one(msgspec.json.decode(untrusted_body, type=RpcRequest))
            )
        except (msgspec.DecodeError, RecursionError):
            return msgspec.json.encode(_error(None, RpcError(-32700, "parse error")))

    def _reply_one(self, request: RpcRequest) -> dict[str, Any]:
        try:
            with self._turn:
                result = self._methods.answer(request.method, request.params)
        except RpcError as error:
            return _error(request.id, error)
        except Exception as error:  # noqa: BLE001 - one request may not end the chain for all
            return _error(request.id, RpcError(-32603, f"internal error: {error!r}"))
        return {"jsonrpc": "2.0", "id": request.id, "result": result}


def _error(request_id: int | str | None, error: RpcError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.detail is not None:
        body["data"] = error.detail
    return {"jsonrpc": "2.0", "id": request_id, "error": body}


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_TIMEOUT_S
    server: Door

    def do_POST(self) -> None:
        """Answer JSON-RPC."""
        # A web page cannot send this type across origins without asking first, and is told no.
        if self.headers.get_content_type() != "application/json":
            self._send(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, b"")
            return
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            size = -1
        if not 0 <= size <= MAX_MESSAGE_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"")
            return
        self._send(HTTPStatus.OK, self.server.reply(self.rfile.read(size)))

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: a chain that prints every request helps nobody."""
