"""Signed HTTP to a market: retries, size limits, and errors as sentences."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests

from gridle.market.protocol.codec import MAX_MESSAGE_BYTES
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

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
_CHUNK_BYTES = 2**16
_INVALID = frozenset({400, 411, 413, 415, 422})
_UNAVAILABLE = frozenset({408, 429})
_FIRST_ERROR = 400
_FIRST_SERVER_ERROR = 500
_NO_BYTES_SHA256 = hashlib.sha256(b"").hexdigest()
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

T = TypeVar("T")


class SignedHttp:
    """Requests to one market, each signed by `identity`. Not to be shared between threads."""

    def __init__(
        self,
        market_url: str,
        identity: Identity,
        *,
        attempts: int = ATTEMPTS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = _checked(market_url)
        self._identity = identity
        self._attempts = attempts
        self._pause = pause
        self._session = requests.Session()
        # A proxy from the environment is for the world, never for this machine.
        self._session.trust_env = urlsplit(self._url).hostname not in _LOOPBACK

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        max_bytes: int = MAX_MESSAGE_BYTES,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> bytes:
        """Send JSON and return the body of the answer, at most `max_bytes`.

        Raises:
            UnavailableError: the market does not answer, or says to come later.
            RefusedError: the market refuses.
            InvalidInputError: the market calls the request malformed.
        """
        digest = hashlib.sha256(body).hexdigest()

        def attempt() -> bytes:
            with self._send(method, path, body or None, digest, read_timeout_s) as response:
                return _read(response, max_bytes)

        return self._retry(attempt)

    def send_file(self, path: str, source: Path, sha256: Sha256) -> None:
        """PUT a file, streamed; its digest was taken before.

        Raises:
            GridleError: as `ask`.
        """

        def attempt() -> None:
            with (
                source.open("rb") as file,
                self._send("PUT", path, file, sha256, READ_TIMEOUT_S),
            ):
                pass

        self._retry(attempt)

    def fetch_file(self, path: str, target: BinaryIO, *, max_bytes: int) -> Sha256:
        """GET into an open file from its start; returns the digest of what came.

        Raises:
            GridleError: as `ask`, or more than `max_bytes` came.
        """

        def attempt() -> str:
            target.seek(0)
            target.truncate()
            digest = hashlib.sha256()
            with self._send("GET", path, None, _NO_BYTES_SHA256, READ_TIMEOUT_S) as response:
                for chunk in _chunks(response, max_bytes):
                    digest.update(chunk)
                    target.write(chunk)
            return digest.hexdigest()

        return self._retry(attempt)

    @contextmanager
    def _send(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        sha256: Sha256,
        read_timeout_s: float,
    ) -> Iterator[requests.Response]:
        url = self._url + path
        headers = sign_request(self._identity, method, url, sha256)
        if body is not None:
            binary = not isinstance(body, bytes)
            headers["Content-Type"] = "application/octet-stream" if binary else "application/json"
        with self._session.request(
            method,
            url,
            data=body,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
        ) as response:
            if response.status_code >= _FIRST_ERROR:
                raise _refusal(response)
            yield response

    def _retry(self, attempt: Callable[[], T]) -> T:
        pause_s = FIRST_PAUSE_S
        for left in range(self._attempts - 1, -1, -1):
            try:
                return attempt()
            except UnavailableError:
                if not left:
                    raise
            except requests.RequestException as error:
                if not left:
                    raise self._down() from error
            self._pause(pause_s)
            pause_s *= 2
        raise self._down()

    def _down(self) -> UnavailableError:
        return UnavailableError(
            f"The market at {self._url} does not answer; check that it runs and that this "
            "machine can reach it, then try again.",
            f"位于 {self._url} 的市场没有应答；请确认它正在运行且本机可以访问，然后重试。",
        )


def _checked(untrusted_url: str) -> str:
    parts = urlsplit(untrusted_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError(
            f"'{untrusted_url}' is not the address of a market; write it like "
            "http://127.0.0.1:8400.",
            f"“{untrusted_url}”不是市场的地址；请写成 http://127.0.0.1:8400 这样的形式。",
        )
    return untrusted_url.rstrip("/")


def _chunks(response: requests.Response, max_bytes: int) -> Iterator[bytes]:
    total_bytes = 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        total_bytes += len(chunk)
        if total_bytes > max_bytes:
            raise InvalidInputError(
                f"The market's answer is larger than {max_bytes} bytes and was not taken; "
                "report this to its operator.",
                f"市场的应答超过 {max_bytes} 字节，未予接收；请告知其运营者。",
            )
        yield chunk


def _read(response: requests.Response, max_bytes: int) -> bytes:
    return b"".join(_chunks(response, max_bytes))


def _refusal(response: requests.Response) -> GridleError:
    status = response.status_code
    try:
        untrusted_body = _read(response, MAX_MESSAGE_BYTES)
        sentence = msgspec.json.decode(untrusted_body, type=ErrorReply).sentence
        en, zh = sentence.en, sentence.zh
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidInputError):
        en = f"The market answered with the status {status} and no explanation; try again later."
        zh = f"市场以状态码 {status} 应答且未作说明；请稍后重试。"
    if status >= _FIRST_SERVER_ERROR or status in _UNAVAILABLE:
        return UnavailableError(en, zh)
    return InvalidInputError(en, zh) if status in _INVALID else RefusedError(en, zh)
