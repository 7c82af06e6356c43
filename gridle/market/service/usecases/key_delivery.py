"""Keys of sealed tasks pass through: from the requestor, wrapped, to the node with the lease."""

from __future__ import annotations

from sqlalchemy import Connection

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.ids import JobId, LeaseId, PublicKey
from gridle.market.protocol.job_messages import (
    LeaseKey,
    LeaseKeyBatch,
    LeaseKeyReply,
    WrappedKeys,
)
from gridle.market.service import bells
from gridle.market.service.domain.attempt import AttemptState
from gridle.market.service.errors import NotFoundError
from gridle.market.service.store import attempts, lease_keys
from gridle.market.service.usecases.job_view import own_job
from gridle.market.service.usecases.market import Market


def put(market: Market, key: PublicKey, job_id: JobId, batch: LeaseKeyBatch) -> LeaseKeyReply:
    """Keep wrapped keys for nodes to fetch; those for leases that need none are void.

    Raises:
        NotFoundError: no such job, or not one of this key's payers.
        RefusedError: the job's data is not sealed.
    """
    taken = []
    with market.database.write() as connection:
        if own_job(connection, key, job_id).data_class != "sealed":
            raise RefusedError(
                "This job's data is public, so no keys are kept for it.",
                "此任务的数据是公开的，因此不为其保存密钥。",
            )
        for each in batch.keys:
            if _is_live(connection, job_id, each):
                lease_keys.put(connection, each.lease_id, each.wrapped, market.now())
                taken.append(each.lease_id)
    market.bells.ring(*map(bells.of_lease_key, taken))
    return LeaseKeyReply(tuple(taken))


def get(market: Market, node: PublicKey, lease_id: LeaseId) -> WrappedKeys:
    """Return the keys that were wrapped for a node's lease, where they have come.

    Raises:
        NotFoundError: no such lease, not this node's, or it needs no keys any more.
    """
    with market.database.read() as connection:
        attempt = attempts.find(connection, lease_id, node)
        if attempt is None or attempt.state is not AttemptState.LEASED:
            raise NotFoundError(
                "This node has no such lease, so there are no keys for it.",
                "此节点没有该租约，因此没有对应的密钥。",
            )
        wrapped = lease_keys.find(connection, lease_id)
    return WrappedKeys(None if wrapped is None else LeaseKey(lease_id, wrapped))


def _is_live(connection: Connection, job_id: JobId, key: LeaseKey) -> bool:
    attempt = attempts.get(connection, key.lease_id)
    return (
        attempt is not None
        and attempt.state is AttemptState.LEASED
        and attempt.task_id.partition(".")[0] == job_id
    )
