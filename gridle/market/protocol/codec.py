"""Decoding of what came from outside: size first, then shape, then one clear sentence."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gridle.market.protocol.errors import InvalidInputError

T = TypeVar("T")

MAX_MESSAGE_BYTES = 4 * 2**20
"""No JSON message of the protocol is larger; blobs travel on their own."""

encode = msgspec.json.encode


def decode(
    untrusted_bytes: bytes, kind: type[T], *, what: str, max_bytes: int = MAX_MESSAGE_BYTES
) -> T:
    """Decode JSON into `kind`.

    Args:
        untrusted_bytes: JSON text from outside.
        kind: the message type to decode to.
        what: what it should be, for the error's sentence, such as "lease request".
        max_bytes: refuse anything longer.

    Raises:
        InvalidInputError: too large, not JSON, or not of the right shape.
    """
    if len(untrusted_bytes) > max_bytes:
        raise InvalidInputError(
            f"This {what} is larger than {max_bytes} bytes; send a smaller one.",
            f"此内容（{what}）超过 {max_bytes} 字节；请缩小后重试。",
        )
    try:
        return msgspec.json.decode(untrusted_bytes, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(
            f"This {what} cannot be read: {error}. Correct it and try again.",
            f"无法读取此内容（{what}）：{error}。请更正后重试。",
        ) from error
