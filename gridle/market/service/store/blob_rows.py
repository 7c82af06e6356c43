"""Which blobs are stored, how large they are, and whose quota they count against."""

from __future__ import annotations

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.service.store.schema import blobs


def size_bytes(connection: Connection, sha256: Sha256) -> int | None:
    """Return a stored blob's size, or None where there is no such blob."""
    size = connection.scalar(select(blobs.c.size_bytes).where(blobs.c.sha256 == sha256))
    return None if size is None else int(size)


def used_bytes(connection: Connection, owner: PublicKey) -> int:
    """Return how much of its quota a key has used."""
    query = select(func.coalesce(func.sum(blobs.c.size_bytes), 0)).where(blobs.c.owner_key == owner)
    return int(connection.scalar(query) or 0)


def add(connection: Connection, sha256: Sha256, size: int, owner: PublicKey, now: float) -> None:
    """Note a stored blob; a known one stays its first owner's."""
    connection.execute(
        insert(blobs)
        .values(sha256=sha256, size_bytes=size, owner_key=owner, stored_at=now)
        .on_conflict_do_nothing()
    )
