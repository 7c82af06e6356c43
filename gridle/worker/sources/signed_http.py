"""Signed requests to the market, and its answers with limits on size and time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from gridle.market.protocol.codec import MAX_MESSAGE_BYTES, decode, encode
from gridle.market.protocol.errors import (
    GridleError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.messages import ErrorReply
from gridle.market.protocol.signing import sign_request
from gridle.worker.sources.bodies import Download, PacedFile
from gridle.worker.sources.connections import open_connections
from gridle.worker.sources.pace import Pace, ending

T = TypeVar("T")

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 20.0
_PUT_TIMEOUT_S = 60.0
_PIECE_BYTES = 65536
_NO_BODY_SHA256 = hashlib.sha256(b"").hexdigest()
_SERVER_FAULT = 500
_FAULT = 400
_PASSING = frozenset({401, 408, 429})
"""Not about what was sent but about when: a clock that is off, too slow, too many."""
_LINE_BYTES = 4
"""A header's colon, blank and line end; about as much as a request's or a status line has."""


class UnwantedError(Exception):
    """Whoever wanted a transfer wants it no longer."""


class SignedHttp:
    """The market at `url`, spoken to by the node whose `identity` signs.

    A signature holds for one request, so nothing that may have arrived is repeated behind our
    back: only connecting is retried. `uploads` and `downloads` hold streamed bodies to the
    owner's rates, and count all bytes of HTTP: heads and bodies, without what TLS and TCP add.
    """

    def __init__(self, url: str, identity: Identity) -> None:
        self.url = url.rstrip("/")
        self.uploads = Pace()
        self.downloads = Pace()
        self._identity = identity
        self._connections = open_connections(self.url)
        self._closed = threading.Event()

    def get(self, path: str, kind: type[T], *, what: str, wait_s: float = 0.0) -> T:
        """GET a message. Raises as `_answer` does."""
        return self._exchange("GET", path, None, kind, what, wait_s)

    def post(self, path: str, body: object, kind: type[T], *, what: str, wait_s: float = 0.0) -> T:
        """POST a message and return the answer. Raises as `_answer` does."""
        return self._exchange("POST", path, encode(body), kind, what, wait_s)

    def put_file(
        self,
        path: str,
        file: Path,
        sha256: Sha256,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """PUT a file's bytes, streamed at the pace of uploads, while they are wanted.

        Raises:
            GridleError: the market does not answer, or refuses it.
            UnwantedError: it was broken off.
        """
        self.uploads.wait_open()  # a signature is good for minutes, so it is made when it can go
        if not is_wanted():
            raise UnwantedError
        with file.open("rb") as body:
            headers = {"Content-Length": str(file.stat().st_size)}
            paced = _WhileWanted(PacedFile(body, self.uploads), is_wanted)
            with self._answer("PUT", path, paced, sha256, headers, _PUT_TIMEOUT_S):
                pass

    @contextmanager
    def stream(self, path: str, offset: int) -> Iterator[Download]:
        """GET a body in pieces from `offset` on, at the pace of downloads."""
        self.downloads.wait_open()
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._answer("GET", path, None, _NO_BODY_SHA256, headers, ANSWER_TIMEOUT_S) as answer:
            yield Download(answer, self.downloads)

    def close(self) -> None:
        """End every transfer, refuse new requests, and close each connection once it is free."""
        self._closed.set()
        self.uploads.close()
        self.downloads.close()
        self._connections.clear()

    def _exchange(
        self, method: str, path: str, body: bytes | None, kind: type[T], what: str, wait_s: float
    ) -> T:
        sha256 = hashlib.sha256(body or b"").hexdigest()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.uploads.count(len(body or b""))
        timeout_s = wait_s + ANSWER_TIMEOUT_S
        with self._answer(method, path, body, sha256, headers, timeout_s) as answer:
            data = _limited(answer, MAX_MESSAGE_BYTES)
        self.downloads.count(len(data))
        return decode(data, kind, what=what)

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | _WhileWanted | None,
        sha256: Sha256,
        headers: dict[str, str],
        timeout_s: float,
    ) -> Iterator[BaseHTTPResponse]:
        """Send one request and yield its good answer.

        Raises:
            UnavailableError: no answer, or the market itself has a fault.
            RefusedError: the market says no; its sentence says why.
        """
        if self._closed.is_set():
            raise ending()
        url = self.url + path
        all_headers = headers | sign_request(self._identity, method, url, sha256)
        self.uploads.count(len(method) + len(url) + _head_bytes(all_headers))
        try:
            answer = self._connections.urlopen(
                method,
                url,
                body=body,
                headers=all_headers,
                timeout=Timeout(connect=CONNECT_TIMEOUT_S, read=timeout_s),
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
            with answer:
                self.downloads.count(_head_bytes(answer.headers))
                if answer.status >= _FAULT:
                    raise _fault(self.url, answer)
                yield answer
        except HTTPError as error:
            raise _silent(self.url) from error
        finally:
            if self._closed.is_set():
                self._connections.clear()


class _WhileWanted:
    """A body that breaks off; the connection is closed then."""

    def __init__(self, file: PacedFile, is_wanted: Callable[[], bool]) -> None:
        self._file = file
        self._is_wanted = is_wanted

    def read(self, size: int) -> bytes:
        if not self._is_wanted():
            raise UnwantedError
        return self._file.read(size)


def _head_bytes(headers: Mapping[str, str]) -> int:
    return _LINE_BYTES + sum(
        len(name) + len(value) + _LINE_BYTES for name, value in headers.items()
    )


def _limited(answer: BaseHTTPResponse, max_bytes: int) -> bytes:
    """Return the body; one byte more than allowed is enough to be refused by the decoder."""
    body = bytearray()
    while len(body) <= max_bytes and (piece := answer.read(_PIECE_BYTES)):
        body += piece
    return bytes(body)


def _fault(url: str, answer: BaseHTTPResponse) -> GridleError:
    try:
        sentence = decode(_limited(answer, 65536), ErrorReply, what="error reply").sentence
    except InvalidInputError:
        return _silent(url, f"HTTP {answer.status}")
    if answer.status >= _SERVER_FAULT or answer.status in _PASSING:
        return UnavailableError(sentence.en, sentence.zh)
    return RefusedError(sentence.en, sentence.zh)


def _silent(url: str, detail: str = "") -> UnavailableError:
    said = f" ({detail})" if detail else ""
    return UnavailableError(
        f"The market at {url} does not answer{said}; it is tried again by itself. Check this "
        "machine's network if that lasts.",
        f"位于 {url} 的市场没有响应{said}；将自动重试。若持续如此，请检查本机网络。",
    )
