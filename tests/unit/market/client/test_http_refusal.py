from __future__ import annotations

import io

import pytest
import requests

from gridle.market.client.http import _refusal
from gridle.market.protocol.errors import RefusedError, UnavailableError


def answer(status: int, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw = status, io.BytesIO(body)
    return response


def test_the_markets_own_sentence_is_passed_on() -> None:
    error = _refusal(answer(403, b'{"sentence": {"en": "No.", "zh": "\\u4e0d"}}'))
    assert isinstance(error, RefusedError)
    assert error.sentence.en == "No."


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 10**5, b'{"x": ' + b"[" * 10**5])
def test_a_body_that_cannot_be_read_is_no_explanation(body: bytes) -> None:
    error = _refusal(answer(502, body))
    assert isinstance(error, UnavailableError)
    assert "status 502 and no explanation" in error.sentence.en
