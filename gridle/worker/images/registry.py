"""A registry's repository, read by digest alone (OCI distribution specification 1.1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import Sha256
from gridle.worker.images.addresses import (
    Place,
    PlaceError,
    Resolve,
    is_here,
    leads_near,
    read_url,
    resolve,
)
from gridle.worker.images.bearer import read_challenge, read_token, token_place
from gridle.worker.images.connecting import Connecting
from gridle.worker.images.exchange import Answer, Exchange
from gridle.worker.images.explanations import absent, denied, refused, silent
from gridle.worker.sandbox.image_descriptions import INDEX_TYPES, MANIFEST_TYPES
from gridle.worker.sources.pace import Paces

MAX_DESCRIPTION_BYTES = 4 * 2**20
_MAX_REPLY_BYTES = 65536
_ACCEPT = ", ".join(sorted(MANIFEST_TYPES | INDEX_TYPES))
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19}|\*)")
_HUB, _HUB_REGISTRY = "docker.io", "registry-1.docker.io"


class Registry:
    """`repository`: host, perhaps a port, and path. It may be `near` only where that is allowed."""

    def __init__(
        self, repository: str, paces: Paces, *, allows_near: bool, resolve: Resolve = resolve
    ) -> None:
        host, _, path = repository.partition("/")
        if host == _HUB:  # the hub's images are known by a name that is not its registry's
            host, path = _HUB_REGISTRY, path if "/" in path else f"library/{path}"
        self.host = host
        self._path = path
        try:
            scheme = "http" if is_here(host.partition(":")[0]) else "https"
            self._root = read_url(f"{scheme}://{host}/v2/{path}/")
            near = allows_near and leads_near(resolve(self._root.host, self._root.port))
        except PlaceError as error:
            raise refused(host, str(error)) from error
        except OSError as error:
            raise silent(host, type(error).__name__) from error
        self._exchange = Exchange(paces, Connecting(near=near, resolve=resolve))
        self._token: str | None = None

    def manifest(self, sha256: Sha256) -> bytes:
        """Return the bytes of a manifest or an index; their digest was checked.

        Raises:
            GridleError: it cannot be had now, or never.
        """
        return self._description(f"manifests/sha256:{sha256}", sha256)

    def config(self, sha256: Sha256) -> bytes:
        """Return the bytes of a configuration; their digest was checked.

        Raises:
            GridleError: it cannot be had now, or never.
        """
        return self._description(f"blobs/sha256:{sha256}", sha256)

    @contextmanager
    def blob(self, sha256: Sha256, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Yield where a blob's pieces begin (0 or `offset`), and the pieces; nothing is checked.

        Raises:
            GridleError: it cannot be had now, or never.
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._get(f"blobs/sha256:{sha256}", headers) as answer:
            yield self._start(answer, offset), answer.pieces()

    def _start(self, answer: Answer, offset: int) -> int:
        if answer.status == HTTPStatus.OK:
            return 0
        found = _CONTENT_RANGE.fullmatch(answer.header("Content-Range"))
        if answer.status != HTTPStatus.PARTIAL_CONTENT or not found or int(found[1]) != offset:
            raise refused(self.host, "it sends another part of a file than was asked for")
        return offset

    def _description(self, path: str, sha256: Sha256) -> bytes:
        with self._get(path, {"Accept": _ACCEPT}) as answer:
            untrusted_bytes = answer.small(MAX_DESCRIPTION_BYTES)
        if hashlib.sha256(untrusted_bytes).hexdigest() != sha256:
            raise refused(self.host, "what it sends is not what was asked for")
        return untrusted_bytes

    @contextmanager
    def _get(self, path: str, headers: dict[str, str]) -> Iterator[Answer]:
        place = self._root.joined(f"{self._root.target}{path}")
        with ExitStack() as stack:
            answer = stack.enter_context(self._exchange.get(place, headers | self._leave()))
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._token = self._asked_leave(answer)
                stack.close()
                answer = stack.enter_context(self._exchange.get(place, headers | self._leave()))
            if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                raise _fault(answer.status, self.host)
            yield answer

    def _leave(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _asked_leave(self, answer: Answer) -> str:
        try:
            challenge = read_challenge(answer.header("WWW-Authenticate"), self._root)
            place: Place = token_place(challenge, self._path)
            with self._exchange.get(place, {}) as reply:
                if reply.status != HTTPStatus.OK:
                    raise _fault(reply.status, self.host)
                return read_token(reply.small(_MAX_REPLY_BYTES))
        except PlaceError as error:
            raise refused(self.host, str(error)) from error


def _fault(status: int, host: str) -> GridleError:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return absent(host)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return denied(host)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return refused(host, "its file is shorter than it says")
    return silent(host, f"HTTP {status}")
