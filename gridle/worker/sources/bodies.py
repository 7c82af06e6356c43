"""Bodies of requests and answers that pass at the owner's pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

from urllib3 import BaseHTTPResponse

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sources.pace import LARGEST_PIECE_BYTES, Pace

_PATIENCE_S = 60.0
_LEAST_BYTES = 65536
"""Slower than a modem, a sender only means to hold us up."""


@dataclass
class Patience:
    """Ends when a sender gave less than some bytes in a minute of waiting for it.

    What we wait for by ourselves, at the owner's limit, does not count.
    """

    waited_s: float = 0.0
    got_bytes: int = 0

    def count(self, waited_s: float, got_bytes: int) -> bool:
        """Add a wait and what came of it; False once it is too slow."""
        self.waited_s += waited_s
        self.got_bytes += got_bytes
        if self.waited_s < _PATIENCE_S:
            return True
        is_alive = self.got_bytes >= _LEAST_BYTES
        self.waited_s, self.got_bytes = 0.0, 0
        return is_alive


class Download:
    """A body that comes in pieces."""

    def __init__(
        self, answer: BaseHTTPResponse, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer = answer
        self._pace = pace
        self._clock = clock
        self._patience = Patience()
        self.resumed = answer.status == HTTPStatus.PARTIAL_CONTENT
        """Whether the offset that was asked for was heeded."""

    @property
    def left_bytes(self) -> int | None:
        """How much is to come; None where the sender did not say."""
        return self._answer.length_remaining

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, as fast as it may come.

        Raises:
            UnavailableError: so little comes that it would never end, or the pace was closed.
            urllib3.exceptions.HTTPError: it breaks off.
        """
        while self._answer.length_remaining != 0:
            piece = self._read(self._pace.take(LARGEST_PIECE_BYTES))
            if not piece:
                break
            self._pace.count(len(piece))
            yield piece

    def _read(self, wanted_bytes: int) -> bytes:
        """Return what was granted, whole: what is not used of a grant would be lost."""
        piece = bytearray()
        while len(piece) < wanted_bytes:
            asked_at = self._clock()
            some = self._answer.read1(wanted_bytes - len(piece)) or b""
            if not self._patience.count(self._clock() - asked_at, len(some)):
                raise _too_slow()
            if not some:
                break
            piece += some
        return bytes(piece)


class PacedFile:
    """A file as a request's body, read no faster than it may go."""

    def __init__(self, file: BinaryIO, pace: Pace) -> None:
        self._file = file
        self._pace = pace

    def read(self, size: int = LARGEST_PIECE_BYTES) -> bytes:
        """Return the next bytes, at most `size`, once they may go; none at the end."""
        piece = self._file.read(self._pace.take(size))
        self._pace.count(len(piece))
        return piece


def _too_slow() -> UnavailableError:
    return UnavailableError(
        "A download comes so slowly that it would never end; it is taken up again later.",
        "下载速度过慢，无法完成；稍后将继续。",
    )
