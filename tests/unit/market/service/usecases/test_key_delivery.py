from __future__ import annotations

import hashlib

import msgspec
import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.job_messages import JobStatus, LeaseKey, LeaseKeyBatch, TaskStatus
from gridle.market.protocol.messages import (
    Committed,
    Failed,
    Lease,
    LeaseRenewals,
    NodeEnrolment,
    Returned,
)
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.market.service import bells
from gridle.market.service.errors import NotFoundError
from gridle.market.service.store import lease_keys
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases import ending, enrolment, key_delivery, leasing
from tests.rigs.market_inside import CLIENT_KEY, USAGE, Inside, payout

WRAPPED = "ab" * 150
RESULT_KEY = "cd" * 32


def sealing(number: int, key: int = 0) -> tuple[Identity, SealingIdentity]:
    identity = Identity(hashlib.sha256(b"node %d" % number).digest())
    return identity, SealingIdentity(hashlib.sha256(b"key %d" % key).digest(), identity)


def sealed_node(inside: Inside, number: int, key: int = 0) -> Node:
    identity, its = sealing(number, key)
    told = NodeEnrolment(payout(number), sealing=its.public)
    record = enrolment.enrol_node(inside.market, identity.public_key, told)
    return Node(record.node, record.payout_address, record.enrolled_at, 0, its.public.public_key)


def sealed_job(inside: Inside, tasks: int = 1) -> JobStatus:
    return inside.submit(tasks, data_class="sealed", result_key=RESULT_KEY)


def task(inside: Inside, job: JobStatus, index: int = 0) -> TaskStatus:
    return inside.detail(job.job_id).tasks[index]


def leased(inside: Inside, node: Node) -> Lease:
    (lease,) = inside.lease(node).leases
    return lease


def hand(inside: Inside, job: JobStatus, *leases: Lease, key: str = CLIENT_KEY) -> tuple[str, ...]:
    batch = LeaseKeyBatch(tuple(LeaseKey(lease.lease_id, WRAPPED) for lease in leases))
    return key_delivery.put(inside.market, key, job.job_id, batch).taken


def stored(inside: Inside, lease: Lease) -> str | None:
    with inside.market.database.read() as connection:
        return lease_keys.find(connection, lease.lease_id)


def test_the_requestor_sees_who_waits_and_the_node_gets_what_it_hands(inside: Inside) -> None:
    job, node = sealed_job(inside), sealed_node(inside, 1)
    assert task(inside, job).awaits is None
    lease = leased(inside, node)
    awaited = task(inside, job).awaits
    assert awaited is not None
    assert awaited.lease_id == lease.lease_id
    assert awaited.sealing == sealing(1)[1].public
    assert key_delivery.get(inside.market, node.node, lease.lease_id).key is None
    rung: list[bool] = []
    with inside.market.bells.listening(
        bells.of_lease_key(lease.lease_id), lambda: rung.append(True)
    ):
        assert hand(inside, job, lease) == (lease.lease_id,)
    assert rung
    assert key_delivery.get(inside.market, node.node, lease.lease_id).key == LeaseKey(
        lease.lease_id, WRAPPED
    )
    assert task(inside, job).awaits is None


def test_only_the_leases_own_node_gets_keys(inside: Inside) -> None:
    job, node, other = sealed_job(inside), sealed_node(inside, 1), sealed_node(inside, 2)
    lease = leased(inside, node)
    hand(inside, job, lease)
    with pytest.raises(NotFoundError):
        key_delivery.get(inside.market, other.node, lease.lease_id)
    with pytest.raises(NotFoundError):
        key_delivery.get(inside.market, node.node, f"lease-{0:024x}")


def test_only_the_jobs_own_requestor_hands_keys(inside: Inside) -> None:
    job, node = sealed_job(inside), sealed_node(inside, 1)
    lease = leased(inside, node)
    with pytest.raises(NotFoundError):
        hand(inside, job, lease, key="ee" * 32)
    other = sealed_job(inside, tasks=2)
    assert hand(inside, other, lease) == ()
    assert stored(inside, lease) is None


def test_a_public_job_has_no_keys(inside: Inside) -> None:
    job, node = inside.submit(), sealed_node(inside, 1)
    lease = leased(inside, node)
    assert task(inside, job).awaits is None
    with pytest.raises(RefusedError):
        hand(inside, job, lease)


@pytest.mark.parametrize(
    "end", ["returned", "failed", "committed", "revealed", "cancelled", "lapsed"]
)
def test_keys_go_when_nothing_is_computed_any_more(inside: Inside, end: str) -> None:
    job, node = sealed_job(inside), sealed_node(inside, 1)
    lease = leased(inside, node)
    hand(inside, job, lease)
    if end == "returned":
        inside.report(node, Returned(lease.lease_id))
    elif end == "failed":
        inside.report(node, Failed(lease.lease_id, "it broke", USAGE))
    elif end == "committed":
        inside.report(node, Committed(lease.lease_id, "0" * 64))
    elif end == "revealed":
        inside.deliver(node, lease)
    elif end == "cancelled":
        ending.cancel(inside.market, CLIENT_KEY, job.job_id)
    else:
        inside.clock += 61.0
        ending.end_leases(inside.market)
    assert stored(inside, lease) is None
    assert task(inside, job).awaits is None
    with pytest.raises(NotFoundError):
        key_delivery.get(inside.market, node.node, lease.lease_id)
    assert hand(inside, job, lease) == ()


def test_a_lease_that_is_taken_up_again_waits_for_keys_again(inside: Inside) -> None:
    job, node = sealed_job(inside), sealed_node(inside, 1)
    lease = leased(inside, node)
    hand(inside, job, lease)
    inside.clock += 61.0
    ending.end_leases(inside.market)
    reply = leasing.renew(inside.market, node.node, LeaseRenewals((lease.lease_id,)))
    assert lease.lease_id in reply.expires_at
    assert task(inside, job).awaits is not None
    assert hand(inside, job, lease) == (lease.lease_id,)


class TestEnrolment:
    """A node says to which key sealed data is wrapped."""

    def test_a_key_that_the_node_did_not_sign_is_refused(self, inside: Inside) -> None:
        identity, _ = sealing(1)
        _, others = sealing(2)
        told = NodeEnrolment(payout(1), sealing=others.public)
        with pytest.raises(RefusedError):
            enrolment.enrol_node(inside.market, identity.public_key, told)

    def test_with_a_new_key_the_requestor_is_asked_again(self, inside: Inside) -> None:
        job, node = sealed_job(inside), sealed_node(inside, 1, key=1)
        lease = leased(inside, node)
        hand(inside, job, lease)
        before = inside.detail(job.job_id).version
        sealed_node(inside, 1, key=1)
        assert inside.detail(job.job_id).version == before
        rung: list[bool] = []
        with inside.market.bells.listening(bells.of_job(job.job_id), lambda: rung.append(True)):
            sealed_node(inside, 1, key=2)
        assert rung
        assert inside.detail(job.job_id).version == before + 1
        awaited = task(inside, job).awaits
        assert awaited is not None
        assert awaited.sealing == sealing(1, 2)[1].public
        assert stored(inside, lease) is None

    def test_without_a_key_nothing_is_waited_for(self, inside: Inside) -> None:
        job, node = sealed_job(inside), sealed_node(inside, 1)
        leased(inside, node)
        enrolment.enrol_node(inside.market, node.node, NodeEnrolment(payout(1)))
        assert task(inside, job).awaits is None


def test_rubbish_is_no_wrapped_key() -> None:
    for wrapped in ("", "zz" * 100, "ab" * 63, "a" * 201, "ab" * 513, "ab" * 100 + "\n"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"lease_id": f"lease-{0:024x}", "wrapped": wrapped}, LeaseKey)
