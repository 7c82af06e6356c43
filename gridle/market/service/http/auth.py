"""Who sends a request: a signature over it, a nonce not seen before, and an enrolled key."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from litestar import Request

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.protocol.verifying import verify_request
from gridle.market.service.errors import UnsignedError
from gridle.market.service.http.nonces import Nonces
from gridle.market.service.store import parties
from gridle.market.service.store.database import Database
from gridle.market.service.store.parties import Node

AnyRequest = Request[Any, Any, Any]


class Gate:
    """Checks senders; the route says whom it lets in."""

    def __init__(self, database: Database, nonces: Nonces) -> None:
        self._database = database
        self._nonces = nonces

    async def sender(self, request: AnyRequest) -> PublicKey:
        """Return the key that signed this request with its body.

        Raises:
            UnsignedError: unsigned, forged, too old, or sent before.
        """
        body = await request.body()
        return self.sender_of(request, hashlib.sha256(body).hexdigest())

    def sender_of(self, request: AnyRequest, body_sha256: Sha256) -> PublicKey:
        """Return the key that signed a request whose body has, or shall have, this digest."""
        try:
            signed = verify_request(
                request.method, _asked_for(request), dict(request.headers), body_sha256
            )
        except RefusedError as error:
            raise UnsignedError(error.sentence.en, error.sentence.zh) from error
        self._nonces.take(signed)
        return signed.key

    async def node(self, request: AnyRequest) -> Node:
        """Return the enrolled node that signed this request."""
        key = await self.sender(request)
        node = await asyncio.to_thread(self._find_node, key)
        if node is None:
            raise RefusedError(
                "This worker is not enrolled at this market; enrol it with a payout address first.",
                "此工作端尚未在本市场登记；请先以收款地址登记。",
            )
        return node

    async def requestor(self, request: AnyRequest) -> PublicKey:
        """Return the enrolled client key that signed this request."""
        key = await self.sender(request)
        if not await asyncio.to_thread(self._find_payers, key):
            raise RefusedError(
                "This client key is not enrolled at this market; enrol it with a wallet first.",
                "此客户端密钥尚未在本市场登记；请先用钱包登记。",
            )
        return key

    async def spokesman(self, request: AnyRequest, payer: str) -> PublicKey:
        """Return the client key that signed this request and speaks for `payer`."""
        key = await self.sender(request)
        payers = await asyncio.to_thread(self._find_payers, key)
        if payer.lower() not in {each.lower() for each in payers}:
            raise RefusedError(
                "This client key does not speak for that wallet; enrol it with the wallet first.",
                "此客户端密钥不能代表该钱包；请先用该钱包登记。",
            )
        return key

    async def check_member(self, key: PublicKey) -> None:
        """Let pass any enrolled key, a node's or a requestor's."""
        if not await asyncio.to_thread(self._is_member, key):
            raise RefusedError(
                "This key is not enrolled at this market; enrol it first.",
                "此密钥尚未在本市场登记；请先登记。",
            )

    def _is_member(self, key: PublicKey) -> bool:
        return self._find_node(key) is not None or bool(self._find_payers(key))

    def _find_node(self, key: PublicKey) -> Node | None:
        with self._database.read() as connection:
            return parties.find_node(connection, key)

    def _find_payers(self, key: PublicKey) -> list[str]:
        with self._database.read() as connection:
            return list(parties.payers_of(connection, key))


def _asked_for(request: AnyRequest) -> str:
    """Return the URL that the signature is checked against, of the path that was routed.

    The framework's own URL begins with the Host header. That one is not signed, so it could
    carry a path of its own and lend the signature of one request to another.
    """
    scope = request.scope
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return f"http://market{path}?{query}" if query else f"http://market{path}"
