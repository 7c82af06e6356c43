"""Attempts: who holds or held which task under which lease."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy import func as sql

from gridle.market.protocol.ids import LeaseId, PublicKey, TaskId
from gridle.market.service.domain.attempt import OPEN, RENEWABLE, Attempt, AttemptState
from gridle.market.service.store import lease_keys, rows
from gridle.market.service.store.schema import attempts

_RENEWABLE = [state.value for state in RENEWABLE]


def add(connection: Connection, attempt: Attempt) -> None:
    """Store a new attempt."""
    connection.execute(insert(attempts).values(rows.values(attempt)))


def save(connection: Connection, attempt: Attempt) -> None:
    """Store a changed attempt; what computes no more needs no keys, so they are forgotten."""
    if attempt.state is not AttemptState.LEASED:
        lease_keys.forget(connection, attempt.lease_id)
    connection.execute(
        update(attempts).where(attempts.c.lease_id == attempt.lease_id).values(rows.values(attempt))
    )


def find(connection: Connection, lease_id: LeaseId, node: PublicKey) -> Attempt | None:
    """Return a node's own attempt, or None."""
    query = select(attempts).where(attempts.c.lease_id == lease_id, attempts.c.node == node)
    return rows.one(connection, query, Attempt)


def get(connection: Connection, lease_id: LeaseId) -> Attempt | None:
    """Return an attempt of any node, or None."""
    return rows.one(connection, select(attempts).where(attempts.c.lease_id == lease_id), Attempt)


def open_of_task(connection: Connection, task_id: TaskId) -> Attempt | None:
    """Return the attempt that still can change, or None."""
    query = select(attempts).where(
        attempts.c.task_id == task_id, attempts.c.state.in_([state.value for state in OPEN])
    )
    return rows.one(connection, query, Attempt)


def held_by(connection: Connection, node: PublicKey) -> int:
    """Return how many leases a node has that can still run out."""
    query = select(sql.count()).where(attempts.c.state.in_(_RENEWABLE), attempts.c.node == node)
    return int(connection.scalar(query) or 0)


def run_out(connection: Connection, now: float) -> Sequence[Attempt]:
    """Return the attempts whose lease has run out."""
    query = select(attempts).where(attempts.c.state.in_(_RENEWABLE), attempts.c.expires_at <= now)
    return rows.many(connection, query, Attempt)


def without_verdict(connection: Connection, now: float) -> Sequence[Attempt]:
    """Return the revealed attempts on which the time for a verdict has passed."""
    query = select(attempts).where(
        attempts.c.state == AttemptState.REVEALED.value, attempts.c.verdict_due_at <= now
    )
    return rows.many(connection, query, Attempt)


def grant_time(connection: Connection, until: float) -> None:
    """After our own absence: no lease runs out and no verdict is due before `until`."""
    connection.execute(
        update(attempts)
        .where(
            or_(
                attempts.c.state.in_(_RENEWABLE),
                attempts.c.state == AttemptState.REVEALED.value,
            )
        )
        .values(
            expires_at=sql.max(attempts.c.expires_at, until),
            verdict_due_at=sql.max(attempts.c.verdict_due_at, until),
        )
    )
