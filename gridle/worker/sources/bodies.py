"""Bodies of requests and answers that pass at the owner's pace."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import BinaryIO

from urllib3 import BaseHTTPResponse

from gridle.worker.sources.pace import LARGEST_PIECE_BYTES, Pace


class Download:
    """A body that comes in pieces."""

    def __init__(self, answer: BaseHTTPResponse, pace: Pace) -> None:
        self._answer = answer
        self._pace = pace
        self.resumed = answer.status == HTTPStatus.PARTIAL_CONTENT
        """Whether the offset that was asked for was heeded."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the body, as fast as it may come."""
        while self._answer.length_remaining != 0:
            piece = self._answer.read(self._pace.take(LARGEST_PIECE_BYTES))
            if not piece:
                break
            self._pace.count(len(piece))
            yield piece


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
