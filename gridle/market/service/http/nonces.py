"""Memory of the nonces of the last minutes, so that no signed request counts twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import PublicKey
from gridle.market.protocol.verifying import MAX_AGE, Signed
from gridle.market.service.errors import UnsignedError

_KEPT_S = MAX_AGE.total_seconds() + 15.0
"""A signature is taken up to MAX_AGE plus the verifier's clock tolerance on both sides."""
_MAX_NONCE_LENGTH = 64


class Nonces:
    """Nonces seen, at most `limit`; beyond that requests wait, for forgetting one is unsafe.

    `began_at` (Unix seconds) is when this memory began: what was signed before it may have been
    taken by the program that ran before, so that it is to be signed again.
    """

    def __init__(self, monotonic: Callable[[], float], began_at: int, limit: int = 500_000) -> None:
        self._monotonic = monotonic
        self._began_at = began_at
        self._limit = limit
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[PublicKey, str], float] = OrderedDict()

    def take(self, signed: Signed) -> None:
        """Note a request's nonce.

        Raises:
            UnsignedError: it was used before.
            UnavailableError: too many requests in these minutes, or signed before our start.
        """
        if signed.created < self._began_at:
            raise UnavailableError(
                "This market has just started and takes no request from before; try again.",
                "本市场刚刚启动，不接受此前签名的请求；请重试。",
            )
        if len(signed.nonce) > _MAX_NONCE_LENGTH:
            raise UnsignedError(
                f"A nonce has at most {_MAX_NONCE_LENGTH} characters; sign the request anew.",
                f"随机数最多 {_MAX_NONCE_LENGTH} 个字符；请重新签名。",
            )
        now = self._monotonic()
        with self._lock:
            while self._seen and next(iter(self._seen.values())) <= now:
                self._seen.popitem(last=False)
            if (signed.key, signed.nonce) in self._seen:
                raise UnsignedError(
                    "This signed request was sent before; sign each request anew.",
                    "此签名请求已经使用过；请为每次请求重新签名。",
                )
            if len(self._seen) >= self._limit:
                raise UnavailableError(
                    "This market is too busy now; try again in two minutes.",
                    "市场目前过于繁忙；请两分钟后重试。",
                )
            self._seen[(signed.key, signed.nonce)] = now + _KEPT_S
