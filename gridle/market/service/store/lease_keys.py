"""Wrapped keys of sealed tasks, while a node computes them: nobody here can open them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from gridle.market.protocol.ids import JobId, LeaseId, PublicKey, TaskId
from gridle.market.protocol.job_messages import AwaitedKey
from gridle.market.protocol.messages import SealingKey
from gridle.market.service.domain.attempt import AttemptState
from gridle.market.service.store.schema import attempts, jobs, lease_keys, nodes, tasks


def put(connection: Connection, lease_id: LeaseId, wrapped: str, now: float) -> None:
    """Store the keys for a lease; the newest count."""
    fields = {"lease_id": lease_id, "wrapped": wrapped, "stored_at": now}
    connection.execute(
        insert(lease_keys)
        .values(fields)
        .on_conflict_do_update(index_elements=["lease_id"], set_=fields)
    )


def find(connection: Connection, lease_id: LeaseId) -> str | None:
    """Return the wrapped keys for a lease, or None."""
    return connection.scalar(select(lease_keys.c.wrapped).where(lease_keys.c.lease_id == lease_id))


def forget(connection: Connection, lease_id: LeaseId) -> None:
    """Remove the keys for a lease."""
    connection.execute(delete(lease_keys).where(lease_keys.c.lease_id == lease_id))


def forget_of_node(connection: Connection, node: PublicKey) -> frozenset[JobId]:
    """Remove what was wrapped to a node's former key; returns the jobs that it concerned.

    Their versions are counted up, so that the requestors wrap the keys anew.
    """
    its_leases = select(attempts.c.lease_id).where(attempts.c.node == node)
    wrapped = lease_keys.c.lease_id.in_(its_leases)
    concerned = (
        select(tasks.c.job_id)
        .join(attempts, attempts.c.task_id == tasks.c.task_id)
        .join(lease_keys, lease_keys.c.lease_id == attempts.c.lease_id)
        .where(wrapped)
        .distinct()
    )
    found = frozenset(connection.scalars(concerned))
    connection.execute(
        update(jobs).where(jobs.c.job_id.in_(found)).values(version=jobs.c.version + 1)
    )
    connection.execute(delete(lease_keys).where(wrapped))
    return found


def awaited(connection: Connection, job_id: JobId) -> Mapping[TaskId, AwaitedKey]:
    """Return the tasks of a sealed job whose nodes wait for keys."""
    query = (
        select(
            attempts.c.task_id,
            attempts.c.lease_id,
            nodes.c.sealing_key,
            nodes.c.sealing_signature,
        )
        .join(tasks, tasks.c.lease_id == attempts.c.lease_id)
        .join(nodes, nodes.c.node == attempts.c.node)
        .outerjoin(lease_keys, lease_keys.c.lease_id == attempts.c.lease_id)
        .where(
            tasks.c.job_id == job_id,
            attempts.c.state == AttemptState.LEASED.value,
            nodes.c.sealing_key.is_not(None),
            nodes.c.sealing_signature.is_not(None),
            lease_keys.c.lease_id.is_(None),
        )
    )
    return {
        task_id: AwaitedKey(lease_id, SealingKey(key, signature))
        for task_id, lease_id, key, signature in connection.execute(query)
    }
