"""Nodes ask for work, and say that they are still at it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Address, JobId, LeaseId, PublicKey, new_lease_id
from gridle.market.protocol.messages import (
    Lease,
    LeaseBatch,
    LeaseRenewals,
    LeaseRequest,
    RenewalReply,
)
from gridle.market.protocol.money import SignedOrder
from gridle.market.protocol.sentence import Sentence
from gridle.market.service import bells
from gridle.market.service.domain import matching, waiting
from gridle.market.service.domain import task as task_rules
from gridle.market.service.domain.attempt import RENEWABLE, Attempt, AttemptState
from gridle.market.service.domain.matching import Asker, Offer, Seeker
from gridle.market.service.domain.task import Task
from gridle.market.service.store import attempts, jobs, parties
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases import cover as covers
from gridle.market.service.usecases.market import Market
from gridle.market.service.usecases.resuming import resume

_log = logging.getLogger(__name__)

_MAX_JOBS = 100
"""So many jobs, the longest unserved first, are looked at for one request."""
_MAX_KEPT_BACK = 32
MAX_HELD = 128
"""So many leases a node may have at once; one that takes and never reports starves nobody."""
_HAS_ENOUGH = Sentence(
    f"This worker has {MAX_HELD} tasks already; it gets more as it reports them.",
    f"本机已持有 {MAX_HELD} 个任务；提交结果后才会得到更多。",
)


def lease(market: Market, node: Node, request: LeaseRequest) -> LeaseBatch:
    """Give a node the tasks that fit it, or say why there are none now."""
    has_key = node.sealing_key is not None
    market.presence.saw(node.node, Seeker(request, has_key), market.now())
    with market.database.read() as connection:
        payers = {job.payer for job in jobs.open_jobs(connection, _MAX_JOBS)}
        if not payers:
            any_open = jobs.any_open(connection)
            return LeaseBatch((), waiting.for_node({}, any_open_job=any_open))
    unknown = {payer for payer in payers if not _pair_is_open(market, payer, node)}
    with market.database.write() as connection:
        room = MAX_HELD - attempts.held_by(connection, node.node)
        if room <= 0:
            return LeaseBatch((), _HAS_ENOUGH)
        request = msgspec.structs.replace(request, slots=min(request.slots, room))
        found = _match(market, connection, node, Seeker(request, has_key), unknown)
        now = market.now()
        leases = tuple(_give(market, connection, node, task, now) for task in found.tasks)
    touched = {lease.task_id.partition(".")[0] for lease in leases}
    market.bells.ring(*map(bells.of_job, touched))
    why = None if leases else waiting.for_node(found.waiting, any_open_job=True)
    return LeaseBatch(leases, why)


def _pair_is_open(market: Market, payer: Address, node: Node) -> bool:
    try:
        covers.open_pair(market, payer, node.payout_address)
    except UnavailableError as error:
        _log.warning("tasks of %s are held back: %s", payer, error.sentence.en)
        return False
    return True


def _match(
    market: Market,
    connection: Connection,
    node: Node,
    seeker: Seeker,
    unknown: set[Address],
) -> matching.Match:
    now = market.now()
    asker = Asker(node.node, now, bool(market.presence.asking(now, but=node.node)))
    limit = seeker.request.slots + _MAX_KEPT_BACK
    offers = []
    found = jobs.open_jobs(connection, _MAX_JOBS)
    payers = {job.payer for job in found} - unknown
    funded = {payer for payer in payers if covers.is_funded(market, connection, payer)}
    for job in found:
        counts = jobs.counts(connection, job.job_id)
        tasks = tuple(jobs.queued(connection, job.job_id, limit))
        offers.append(Offer(job, tasks, counts[tasks[0].state], job.payer in funded))
    return matching.match(seeker, offers, asker)


def _give(market: Market, connection: Connection, node: Node, task: Task, now: float) -> Lease:
    """Make one attempt, inside the caller's transaction."""
    lease_id = new_lease_id()
    expires_at = now + market.settings.lease_s
    given = task_rules.leased(task, lease_id, node.node, node.payout_address)
    job = jobs.save_tasks(connection, [given], task.job_id)
    jobs.save(connection, job, state=job.state, served=jobs.last_served(connection) + 1)
    attempts.add(
        connection,
        Attempt(
            lease_id,
            task.task_id,
            node.node,
            node.payout_address,
            AttemptState.LEASED,
            now,
            expires_at,
            from_checkpoint_sha256=task.checkpoint_sha256,
        ),
    )
    cover = parties.find_cover(connection, job.payer)
    return Lease(
        lease_id=lease_id,
        task_id=task.task_id,
        task_index=task.task_index,
        order=msgspec.json.decode(job.order_json, type=SignedOrder),
        price_units=job.price_units,
        expires_at=expires_at,
        funded_until=now if cover is None else cover.funded_until,
        checkpoint=task.checkpoint,
    )


def renew(market: Market, node: PublicKey, renewals: LeaseRenewals) -> RenewalReply:
    """Lengthen a node's leases; one that ran out is taken up again where nobody else has it."""
    expires_at = market.now() + market.settings.lease_s
    kept: dict[LeaseId, float] = {}
    resumed: set[JobId] = set()
    with market.database.write() as connection:
        for lease_id in renewals.lease_ids:
            attempt = attempts.find(connection, lease_id, node)
            if attempt is not None and attempt.state is AttemptState.LAPSED:
                attempt = resume(connection, attempt)
                resumed.add(attempt.task_id.partition(".")[0])
            if attempt is not None and attempt.state in RENEWABLE:
                attempts.save(connection, replace(attempt, expires_at=expires_at))
                kept[lease_id] = expires_at
            elif attempt is not None and attempt.state is AttemptState.REVEALED:
                # The result is in; there is nothing to lose any more.
                kept[lease_id] = attempt.verdict_due_at or expires_at
    market.bells.ring(*map(bells.of_job, resumed))
    return RenewalReply(kept, _others(renewals.lease_ids, kept))


def _others(asked: Sequence[LeaseId], kept: dict[LeaseId, float]) -> tuple[LeaseId, ...]:
    return tuple(lease_id for lease_id in asked if lease_id not in kept)
