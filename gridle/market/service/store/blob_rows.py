"""Which blobs are stored, how large they are, whose quota they count against, and which may go."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from gridle.market.protocol.ids import PublicKey, Sha256
from gridle.market.service.store.schema import blobs, tasks


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


def pin(connection: Connection, named: Collection[Sha256]) -> None:
    """Keep these for good: a job or a result names them."""
    connection.execute(update(blobs).where(blobs.c.sha256.in_(named)).values(pinned=True))


def mark_checkpoint(connection: Connection, sha256: Sha256, owner: PublicKey, now: float) -> None:
    """Note that its owner reported it as a checkpoint, so that it may go when nobody names it.

    By naming a blob of somebody else, a node cannot have it removed.
    """
    connection.execute(
        update(blobs)
        .where(blobs.c.sha256 == sha256, blobs.c.owner_key == owner)
        .values(checkpoint_at=now)
    )


def touch(connection: Connection, sha256: Sha256, now: float) -> None:
    """Note that somebody sent it again, who will need some time to name it."""
    connection.execute(update(blobs).where(blobs.c.sha256 == sha256).values(stored_at=now))
    connection.execute(
        update(blobs)
        .where(blobs.c.sha256 == sha256, blobs.c.checkpoint_at.is_not(None))
        .values(checkpoint_at=now)
    )


def unnamed(
    connection: Connection, until: float, never_named_until: float, limit: int
) -> Sequence[Sha256]:
    """Return blobs that nothing names (any longer).

    They are checkpoints not sent or reported since `until`, and others not sent since
    `never_named_until`: whoever sent them was lost before saying what for.
    """
    is_named = select(tasks.c.task_id).where(tasks.c.checkpoint_sha256 == blobs.c.sha256).exists()
    never_named = blobs.c.checkpoint_at.is_(None) & (blobs.c.stored_at <= never_named_until)
    query = (
        select(blobs.c.sha256)
        .where(or_(blobs.c.checkpoint_at <= until, never_named), ~blobs.c.pinned, ~is_named)
        .limit(limit)
    )
    return list(connection.scalars(query))


def remove(connection: Connection, gone: Collection[Sha256]) -> None:
    """Forget blobs."""
    connection.execute(delete(blobs).where(blobs.c.sha256.in_(gone)))
