"""Registries that hold us up are given up."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.images import connecting, exchange, supply
from gridle.worker.sources import bodies
from tests.rigs.registry_fetch import (
    LAYERS,
    MANIFEST,
    Fetch,
    sha,
)
from tests.rigs.registry_stub import Request


def drips(request: Request) -> None:
    never = threading.Event()
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not never.wait(0.02):
        request.wfile.write(b"X")


def drips_a_body(request: Request) -> None:
    never = threading.Event()
    request.head(200, {"Content-Length": "300000"})
    while not never.wait(0.02):
        request.wfile.write(b"X")


@pytest.mark.parametrize(
    ("part", "answer"),
    [(MANIFEST, drips), (MANIFEST, drips_a_body), (LAYERS[0], drips), (LAYERS[0], drips_a_body)],
    ids=["manifest-head", "manifest-body", "layer-head", "layer-body"],
)
def test_one_who_holds_us_up_is_given_up(
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
    part: bytes,
    answer: Callable[[Request], None],
) -> None:
    monkeypatch.setattr(connecting, "HEAD_S", 0.3)
    monkeypatch.setattr(exchange, "HEAD_S", 0.3)
    monkeypatch.setattr(exchange, "_SMALL_BODY_S", 0.3)
    monkeypatch.setattr(bodies, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(supply, "_TRIES", 2)
    fetch.stub.hook(sha(part), answer)
    with pytest.raises(UnavailableError):
        fetch()


def test_an_answer_that_may_be_cut_off_is_nobodys_fault(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply, "_TRIES", 2)

    def without_length(request: Request) -> None:
        request.head(200, {"Connection": "close"})
        request.wfile.write(MANIFEST[:100])

    fetch.stub.hook(sha(MANIFEST), without_length)
    with pytest.raises(UnavailableError, match="cut off"):
        fetch()


def test_a_registry_that_only_breaks_off_is_given_up(fetch: Fetch) -> None:
    def breaks_off(request: Request) -> None:
        request.head(200, {"Content-Length": str(len(LAYERS[0]))})
        request.wfile.write(b"X")

    fetch.stub.hook(sha(LAYERS[0]), breaks_off)
    with pytest.raises(UnavailableError):
        fetch()
    assert len([path for path, _ in fetch.stub.asked if sha(LAYERS[0]) in path]) == 5
