"""One request to a registry and its answer, with a limit on everything that is a stranger's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection

from gridle.worker.images.addresses import Place, PlaceError
from gridle.worker.images.connecting import FAULTS, HEAD_S, Connecting, cut_after
from gridle.worker.images.explanations import refused, silent
from gridle.worker.sources.bodies import Download
from gridle.worker.sources.pace import Paces

_SMALL_BODY_S = 60.0
_MOST_REDIRECTS = 5
_LINE_BYTES = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer:
    """An answer whose head has come."""

    def __init__(
        self, place: Place, connection: HTTPConnection, response: HTTPResponse, paces: Paces
    ) -> None:
        self.place = place
        self._connection = connection
        self._response = response
        self._paces = paces

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return int(self._response.status)

    def header(self, name: str) -> str:
        """Return a header as it was sent, empty where it was not."""
        return str(self._response.headers.get(name, ""))

    def small(self, max_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            RefusedError: it is larger than `max_bytes`.
            UnavailableError: it breaks off, or takes too long.
        """
        if self._response.length_remaining is None and not self._response.chunked:
            raise silent(self.place.host, "its answer is cut off")  # or could not be told from that
        body = bytearray()
        try:
            with cut_after(_SMALL_BODY_S, self._connection):
                while piece := self._response.read1(65536):
                    body += piece
                    self._paces.downloads.count(len(piece))
                    if len(body) > max_bytes:
                        raise refused(self.place.host, "its answer is too large")
        except FAULTS as error:
            raise silent(self.place.host, type(error).__name__) from error
        return bytes(body)

    def pieces(self) -> Iterator[bytes]:
        """Yield a large body at the owner's pace.

        Raises:
            RefusedError: it does not say how long it is.
            UnavailableError: it breaks off.
        """
        download = Download(self._response, self._paces.downloads)
        if download.left_bytes is None:  # then its frames could be sent one byte a minute
            raise refused(self.place.host, "it does not say how long its files are")
        try:
            yield from download.pieces()
        except FAULTS as error:
            raise silent(self.place.host, type(error).__name__) from error


class Exchange:
    """Asks registries, and whoever they redirect to, as far as that is allowed."""

    def __init__(self, paces: Paces, connecting: Connecting) -> None:
        self._paces = paces
        self._connecting = connecting

    @contextmanager
    def get(self, place: Place, headers: Mapping[str, str]) -> Iterator[Answer]:
        """GET, following redirects; whoever else is asked is not told our `Authorization`.

        Raises:
            RefusedError: it leads to where nothing is fetched from.
            UnavailableError: no answer.
        """
        first, sent = place, dict(headers)
        for _ in range(_MOST_REDIRECTS + 1):
            connection = self._open(place, first.host)
            try:
                answer = self._ask(connection, place, sent)
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                place = _followed(answer, first.host)
                if place.authority != first.authority:
                    sent.pop("Authorization", None)
            finally:
                connection.close()
        raise refused(first.host, "it redirects without end")

    def _ask(self, connection: HTTPConnection, place: Place, headers: dict[str, str]) -> Answer:
        lines = {"Host": place.authority, "Accept-Encoding": "identity"} | headers
        self._paces.uploads.count(len(place.target) + _head_bytes(lines))
        try:
            with cut_after(HEAD_S, connection):
                connection.request(
                    "GET",
                    place.target,
                    headers=lines,
                    preload_content=False,
                    decode_content=False,
                )
                response = connection.getresponse()
        except FAULTS as error:
            raise silent(place.host, type(error).__name__) from error
        self._paces.downloads.count(_head_bytes(response.headers))
        return Answer(place, connection, response, self._paces)

    def _open(self, place: Place, registry: str) -> HTTPConnection:
        try:
            return self._connecting.open(place)
        except PlaceError as error:
            raise refused(registry, str(error)) from error
        except FAULTS as error:
            raise silent(place.host, type(error).__name__) from error


def _followed(answer: Answer, registry: str) -> Place:
    try:
        return answer.place.joined(answer.header("Location"))
    except PlaceError as error:
        raise refused(registry, f"it redirects, and {error}") from error


def _head_bytes(headers: Mapping[str, str]) -> int:
    return _LINE_BYTES + sum(
        len(name) + len(value) + _LINE_BYTES for name, value in headers.items()
    )
