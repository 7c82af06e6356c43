"""Every error leaves as an ErrorReply, in both languages, with a fitting status."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from gridle.market.protocol.errors import (
    CorruptStateError,
    GridleError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.messages import ErrorReply
from gridle.market.protocol.sentence import Sentence
from gridle.market.service import errors

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[GridleError], int], ...] = (
    (errors.UnsignedError, 401),
    (errors.UnfundedError, 402),
    (errors.NotFoundError, 404),
    (errors.ConflictError, 409),
    (errors.TooLargeError, 413),
    (errors.StorageFullError, 507),
    (InvalidInputError, 400),
    (RefusedError, 403),
    (UnavailableError, 503),
    (CorruptStateError, 500),
)
_INTERNAL = 500

_SENTENCES = {
    404: Sentence(
        "This market has nothing at this address; check the path and this program's version.",
        "本市场在此地址没有内容；请检查路径与程序版本。",
    ),
    405: Sentence(
        "This address does not take that method; check this program's version.",
        "此地址不支持该方法；请检查程序版本。",
    ),
    413: Sentence(
        "This request is larger than the market accepts; send a smaller one.",
        "请求超过市场允许的大小；请缩小后重试。",
    ),
    _INTERNAL: Sentence(
        "The market failed on this request; nothing was changed. Try again, or tell its operator.",
        "市场处理此请求时出错，未作任何更改；请重试或告知运营者。",
    ),
}

AnyRequest = Request[Any, Any, Any]


def refused(_request: AnyRequest, error: GridleError) -> Response[ErrorReply]:
    """Answer with our own error's sentence."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), _INTERNAL)
    return Response(ErrorReply(error.sentence), status_code=status)


def malformed(_request: AnyRequest, error: HTTPException) -> Response[ErrorReply]:
    """Answer to what the framework refused: unknown path, wrong shape, too large."""
    sentence = _SENTENCES.get(error.status_code)
    if sentence is None:
        why = _details(error)
        sentence = Sentence(
            f"This request cannot be read: {why}. Correct it and try again.",
            f"无法读取此请求：{why}。请更正后重试。",
        )
    return Response(ErrorReply(sentence), status_code=error.status_code)


def too_deep(_request: AnyRequest, _error: RecursionError) -> Response[ErrorReply]:
    """Answer to JSON that is nested too deep to be read."""
    sentence = Sentence(
        "This request cannot be read: it is nested too deep. Correct it and try again.",
        "无法读取此请求：嵌套层数过多。请更正后重试。",
    )
    return Response(ErrorReply(sentence), status_code=400)


def failed(request: AnyRequest, error: Exception) -> Response[ErrorReply]:
    """Answer to a fault of ours; the log has it all, the reply nothing of it."""
    if errors.is_disk_full(error):
        _log.error("%s %s: the disk is full", request.method, request.url.path)
        return refused(request, errors.storage_full())
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response(ErrorReply(_SENTENCES[_INTERNAL]), status_code=_INTERNAL)


def _details(error: HTTPException) -> str:
    extra = error.extra if isinstance(error, ValidationException) else None
    if isinstance(extra, list) and extra:
        return "; ".join(f"{each.get('key', 'body')}: {each.get('message')}" for each in extra[:3])
    return error.detail
