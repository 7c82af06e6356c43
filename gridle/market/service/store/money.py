"""Pairs, awards and the settlements that nodes read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.sqlite import insert

from gridle.market.protocol.ids import Address, JobId, LeaseId, PublicKey, Signature, TaskId, Units
from gridle.market.protocol.messages import Redemption, Settlement, Verdict
from gridle.market.service.domain.award import Pair
from gridle.market.service.store import rows
from gridle.market.service.store.schema import awards, jobs, pairs, settlements, tasks

_PAIR = (pairs.c.payer, pairs.c.payee, pairs.c.cumulative_units, pairs.c.claimed_units)


def find_pair(connection: Connection, payer: Address, payee: Address) -> Pair | None:
    """Return a pair, or None."""
    query = select(*_PAIR).where(pairs.c.payer == payer, pairs.c.payee == payee)
    return rows.one(connection, query, Pair)


def save_pair(connection: Connection, pair: Pair, signature: Signature | None = None) -> None:
    """Store a pair; a signature, where given, is that of its newest voucher."""
    fields = rows.values(pair) | ({} if signature is None else {"signature": signature})
    connection.execute(
        insert(pairs)
        .values(fields)
        .on_conflict_do_update(index_elements=["payer", "payee"], set_=fields)
    )


def outstanding(connection: Connection) -> Iterator[tuple[Pair, Signature]]:
    """Yield the pairs that are owed money, most first, with their newest voucher's signature."""
    query = (
        select(*_PAIR, pairs.c.signature)
        .where(pairs.c.cumulative_units > pairs.c.claimed_units, pairs.c.signature.is_not(None))
        .order_by((pairs.c.cumulative_units - pairs.c.claimed_units).desc())
    )
    for row in connection.execute(query):
        yield Pair(*row[:4]), row[4]


def unredeemed_units(connection: Connection, payer: Address) -> Units:
    """Return what a payer's awards promise beyond what was paid on chain."""
    query = select(*_PAIR).where(pairs.c.payer == payer)
    return sum(pair.outstanding_units for pair in rows.many(connection, query, Pair))


def add_award(
    connection: Connection,
    *,
    task_id: TaskId,
    lease_id: LeaseId,
    node: PublicKey,
    pair: Pair,
    price_units: Units,
    now: float,
) -> None:
    """Store one task's award; a second one for the same task cannot be stored."""
    connection.execute(
        plain_insert(awards).values(
            task_id=task_id,
            lease_id=lease_id,
            node=node,
            payer=pair.payer,
            payee=pair.payee,
            price_units=price_units,
            cumulative_units=pair.cumulative_units,
            awarded_at=now,
        )
    )


def awarded_units(connection: Connection, job_id: JobId) -> Units:
    """Return what a job's awards add up to."""
    query = (
        select(func.coalesce(func.sum(awards.c.price_units), 0))
        .join(tasks, tasks.c.task_id == awards.c.task_id)
        .join(jobs, jobs.c.job_id == tasks.c.job_id)
        .where(jobs.c.job_id == job_id)
    )
    return int(connection.scalar(query) or 0)


def nodes_of_pair(connection: Connection, payer: Address, payee: Address) -> Sequence[PublicKey]:
    """Return the nodes that earned anything of a pair."""
    query = select(awards.c.node).where(awards.c.payer == payer, awards.c.payee == payee).distinct()
    return list(connection.scalars(query))


def append(connection: Connection, node: PublicKey, event: Settlement) -> None:
    """Append an event to a node's settlements; its `seq` is set when it is read."""
    connection.execute(
        insert(settlements)
        .values(node=node, subject=_subject(event), body_json=msgspec.json.encode(event).decode())
        .on_conflict_do_nothing(index_elements=["node", "subject"])
    )


def settlements_after(
    connection: Connection, node: PublicKey, after: int, limit: int
) -> Sequence[Settlement]:
    """Return a node's events with seq > after, in order."""
    query = (
        select(settlements.c.seq, settlements.c.body_json)
        .where(settlements.c.node == node, settlements.c.seq > after)
        .order_by(settlements.c.seq)
        .limit(limit)
    )
    return [
        msgspec.structs.replace(msgspec.json.decode(body, type=Verdict | Redemption), seq=seq)
        for seq, body in connection.execute(query)
    ]


def _subject(event: Settlement) -> str:
    if isinstance(event, Verdict):
        return f"verdict {event.lease_id}"
    return f"redemption {event.payer} {event.payee} {event.claimed_units}"
