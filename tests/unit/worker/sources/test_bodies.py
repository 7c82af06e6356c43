from __future__ import annotations

import io

import pytest
from urllib3 import HTTPResponse

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sources.bodies import Download, Patience
from gridle.worker.sources.pace import Pace


def answer(body: io.RawIOBase | io.BytesIO, length: int) -> HTTPResponse:
    headers = {"content-length": str(length)}
    return HTTPResponse(body, headers=headers, preload_content=False, request_method="GET")


class Dripping(io.RawIOBase):
    """One byte at a time, each of which takes ten seconds."""

    def __init__(self, clock: list[float]) -> None:
        self._clock = clock

    def readable(self) -> bool:
        return True

    def read1(self, _size: int = -1) -> bytes:
        self._clock[0] += 10
        return b"X"


def test_a_body_passes_whole_and_is_counted() -> None:
    pace, data = Pace(), bytes(range(256)) * 1000
    download = Download(answer(io.BytesIO(data), len(data)), pace)
    assert download.left_bytes == len(data)
    assert b"".join(download.pieces()) == data
    assert pace.total_bytes == len(data)
    assert not download.resumed


def test_a_sender_who_drips_is_given_up() -> None:
    clock = [0.0]
    download = Download(answer(Dripping(clock), 10**6), Pace(), clock=lambda: clock[0])
    with pytest.raises(UnavailableError, match="slowly"):
        list(download.pieces())
    assert clock[0] < 100


def test_a_slow_line_is_borne_with() -> None:
    patience = Patience()
    assert all(patience.count(10.0, 11_000) for _ in range(100))


def test_a_lull_is_borne_with_once() -> None:
    patience = Patience()
    assert patience.count(1.0, 65536)
    assert patience.count(59.0, 0)
    assert not patience.count(60.0, 0)
