from __future__ import annotations

import io

import pytest
from urllib3 import HTTPResponse

from gridle.market.protocol.codec import encode
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.messages import ErrorReply
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.signed_http import _fault


def _answer(status: int, body: bytes) -> HTTPResponse:
    return HTTPResponse(io.BytesIO(body), status=status, preload_content=False)


SAID = encode(ErrorReply(Sentence("No.", "不行。")))


@pytest.mark.parametrize("status", [401, 408, 429, 500, 503, 507])
def test_what_may_pass_is_tried_again_and_loses_no_result(status: int) -> None:
    assert isinstance(_fault("http://market.example", _answer(status, SAID)), UnavailableError)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413])
def test_what_is_refused_is_refused(status: int) -> None:
    assert isinstance(_fault("http://market.example", _answer(status, SAID)), RefusedError)


def test_an_answer_that_is_no_markets_counts_as_silence() -> None:
    fault = _fault("http://market.example", _answer(404, b"<html>not found</html>"))
    assert isinstance(fault, UnavailableError)
