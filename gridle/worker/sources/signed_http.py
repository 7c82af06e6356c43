"""Signed requests to the market, and its answers with limits on size and time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

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

T = TypeVar("T")

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 20.0
_NO_BODY_SHA256 = hashlib.sha256(b"").hexdigest()
_SERVER_FAULT = 500
_FAULT = 400
_PASSING = frozenset({401, 408, 429})
"""Not about what was sent but about when: a clock that is off, too slow, too many."""


class SignedHttp:
    """The market at `url`, spoken to by the node whose `identity` signs.

    Each thread has its own connections; a signature holds for one request, so nothing that may
    have arrived is repeated behind our back: only connecting is retried.
    """

    def __init__(self, url: str, identity: Identity) -> None:
        self.url = url.rstrip("/")
        self._identity = identity
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []

    def get(self, path: str, kind: type[T], *, what: str, wait_s: float = 0.0) -> T:
        """GET a message. Raises as `_answer` does."""
        return self._exchange("GET", path, None, kind, what, wait_s)

    def post(self, path: str, body: object, kind: type[T], *, what: str, wait_s: float = 0.0) -> T:
        """POST a message and return the answer. Raises as `_answer` does."""
        return self._exchange("POST", path, encode(body), kind, what, wait_s)

    def put_file(self, path: str, file: Path, sha256: Sha256) -> None:
        """PUT a file's bytes, streamed.

        Raises:
            GridleError: the market does not answer, or refuses it.
        """
        with file.open("rb") as body, self._answer("PUT", path, body, sha256, {}, 60.0):
            pass

    @contextmanager
    def stream(self, path: str, offset: int) -> Iterator[requests.Response]:
        """GET a body in pieces from `offset` on; the status says whether the offset was heeded."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._answer("GET", path, None, _NO_BODY_SHA256, headers, ANSWER_TIMEOUT_S) as answer:
            yield answer

    def close(self) -> None:
        """Close every thread's connections."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _exchange(
        self, method: str, path: str, body: bytes | None, kind: type[T], what: str, wait_s: float
    ) -> T:
        sha256 = hashlib.sha256(body or b"").hexdigest()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        timeout_s = wait_s + ANSWER_TIMEOUT_S
        with self._answer(method, path, body, sha256, headers, timeout_s) as answer:
            return decode(_limited(answer, MAX_MESSAGE_BYTES), kind, what=what)

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        sha256: Sha256,
        headers: dict[str, str],
        timeout_s: float,
    ) -> Iterator[requests.Response]:
        """Send one request and yield its good answer.

        Raises:
            UnavailableError: no answer, or the market itself has a fault.
            RefusedError: the market says no; its sentence says why.
        """
        url = self.url + path
        signed = sign_request(self._identity, method, url, sha256)
        try:
            answer = self._session().request(
                method,
                url,
                data=body,
                headers=headers | signed,
                timeout=(CONNECT_TIMEOUT_S, timeout_s),
                stream=True,
                allow_redirects=False,
            )
            with answer:
                if answer.status_code >= _FAULT:
                    raise _fault(self.url, answer)
                yield answer
        except (requests.RequestException, HTTPError) as error:
            raise _silent(self.url) from error

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            retry = Retry(total=None, connect=1, read=0, status=0, other=0, redirect=0)
            adapter = HTTPAdapter(max_retries=retry, pool_connections=1, pool_maxsize=1)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session


def _limited(answer: requests.Response, max_bytes: int) -> bytes:
    """Return the body; one byte more than allowed is enough to be refused by the decoder."""
    body = bytearray()
    for piece in answer.iter_content(65536):
        body += piece
        if len(body) > max_bytes:
            break
    return bytes(body)


def _fault(url: str, answer: requests.Response) -> GridleError:
    try:
        sentence = decode(_limited(answer, 65536), ErrorReply, what="error reply").sentence
    except InvalidInputError:
        return _silent(url, f"HTTP {answer.status_code}")
    if answer.status_code >= _SERVER_FAULT or answer.status_code in _PASSING:
        return UnavailableError(sentence.en, sentence.zh)
    return RefusedError(sentence.en, sentence.zh)


def _silent(url: str, detail: str = "") -> UnavailableError:
    said = f" ({detail})" if detail else ""
    return UnavailableError(
        f"The market at {url} does not answer{said}; it is tried again by itself. Check this "
        "machine's network if that lasts.",
        f"位于 {url} 的市场没有响应{said}；将自动重试。若持续如此，请检查本机网络。",
    )
