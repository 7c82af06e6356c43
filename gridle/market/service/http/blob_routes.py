"""Routes for blobs: streamed in under their digest, streamed out whole or from where it broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from litestar import HttpMethod, Response, put, route
from litestar.params import Parameter
from litestar.response import Stream

from gridle.market.protocol import routes
from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.service.blob_files import Draft
from gridle.market.service.errors import NotFoundError, TooLargeError
from gridle.market.service.http.byte_range import (
    ByteRange,
    UnsatisfiableRangeError,
    parse_range,
)
from gridle.market.service.http.given import Asked, TheGate, TheMarket
from gridle.market.service.store import blob_rows
from gridle.market.service.usecases.market import Market

DigestPath = Annotated[str, Parameter(pattern=r"^[0-9a-f]{64}$")]
_NO_BYTES_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_CHUNK_BYTES = 2**20


@put(routes.blob("{sha256:str}"), status_code=204, request_max_body_size=None)
async def put_blob(request: Asked, sha256: DigestPath, market: TheMarket, gate: TheGate) -> None:
    """Store a blob. The signature covers its digest, so it is checked before a byte is read."""
    key = gate.sender_of(request, sha256)
    await gate.check_member(key)
    known, allowed_bytes = await asyncio.to_thread(_room, market, key, sha256)
    if known is not None:
        await asyncio.to_thread(_touch, market, sha256)
        async for _ in request.stream():
            pass
        return
    announced_bytes = request.content_length
    if announced_bytes is not None and announced_bytes > allowed_bytes:
        raise TooLargeError(
            f"This blob has {announced_bytes} bytes; this key may store {allowed_bytes} more here.",
            f"此数据块为 {announced_bytes} 字节；该密钥在此还可存储 {allowed_bytes} 字节。",
        )
    draft = await asyncio.to_thread(market.blobs.draft, sha256, allowed_bytes)
    try:
        await _receive(request, draft)
        await asyncio.to_thread(draft.keep)
        await asyncio.to_thread(_note, market, key, sha256, draft.size_bytes)
    finally:
        draft.drop()


@route(routes.blob("{sha256:str}"), http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200)
async def get_blob(
    request: Asked, sha256: DigestPath, market: TheMarket, gate: TheGate
) -> Response[Any]:
    """Read a blob, or one range of it."""
    key = gate.sender_of(request, _NO_BYTES_SHA256)
    await gate.check_member(key)
    size_bytes = await asyncio.to_thread(_size, market, sha256)
    if size_bytes is None:
        raise NotFoundError(
            f"This market has no blob {sha256}; upload it first.",
            f"本市场没有数据块 {sha256}；请先上传。",
        )
    headers = {"accept-ranges": "bytes", "etag": f'"{sha256}"'}
    try:
        part = parse_range(request.headers.get("range"), size_bytes)
    except UnsatisfiableRangeError:
        headers["content-range"] = f"bytes */{size_bytes}"
        return Response(None, status_code=416, headers=headers)
    wanted = part or ByteRange(0, size_bytes)
    headers["content-length"] = str(wanted.size_bytes)
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{size_bytes}"
    return Stream(
        _send(market.blobs.path(sha256), wanted),
        status_code=200 if part is None else 206,
        media_type="application/octet-stream",
        headers=headers,
    )


async def _receive(request: Asked, draft: Draft) -> None:
    """Pass the body on in large pieces, each written in a thread."""
    pending = bytearray()
    async for untrusted_chunk in request.stream():
        pending += untrusted_chunk
        if len(pending) >= _CHUNK_BYTES:
            await asyncio.to_thread(draft.write, bytes(pending))
            pending.clear()
    await asyncio.to_thread(draft.write, bytes(pending))


async def _send(path: Path, wanted: ByteRange) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(wanted.start)
        left = wanted.size_bytes
        while left and (chunk := await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk


def _room(market: Market, key: PublicKey, sha256: Sha256) -> tuple[int | None, int]:
    with market.database.read() as connection:
        used = blob_rows.used_bytes(connection, key)
        left = max(0, market.settings.blob_quota_bytes - used)
    return _size(market, sha256), min(left, market.settings.blob_max_bytes)


def _size(market: Market, sha256: Sha256) -> int | None:
    with market.database.read() as connection:
        size_bytes = blob_rows.size_bytes(connection, sha256)
    return size_bytes if market.blobs.holds(sha256) else None


def _touch(market: Market, sha256: Sha256) -> None:
    with market.database.write() as connection:
        blob_rows.touch(connection, sha256, market.now())


def _note(market: Market, key: PublicKey, sha256: Sha256, size_bytes: int) -> None:
    with market.database.write() as connection:
        blob_rows.add(connection, sha256, size_bytes, key, market.now())


HANDLERS = (put_blob, get_blob)
