"""When the market lets go of blobs: of states that nobody needs, of what nobody ever named."""

from __future__ import annotations

import hashlib

import pytest

from gridle.market.protocol.manifest import checkpoint_blob_max_bytes
from gridle.market.protocol.messages import Failed
from gridle.market.service.store import blob_rows
from gridle.market.service.usecases import checkpoints, ending
from tests.rigs.market_inside import CLIENT_KEY, USAGE, Inside
from tests.unit.market.service.usecases.test_checkpoints import RULE, held, saved


def is_stored(inside: Inside, content: bytes) -> bool:
    sha256 = hashlib.sha256(content).hexdigest()
    with inside.market.database.read() as connection:
        has_row = blob_rows.size_bytes(connection, sha256) is not None
    assert has_row == inside.market.blobs.holds(sha256)
    return has_row


def pass_time(inside: Inside, seconds: float = checkpoints.KEPT_S) -> None:
    inside.clock += seconds
    checkpoints.remove_unnamed(inside.market)


class TestRemoval:
    """Blobs of checkpoints that nobody needs any more go; all that somebody named stay."""

    def test_what_nobody_named_goes_after_a_day(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        result = inside.deliver(node, lease)
        inside.save(node, b"and then the machine was lost")
        pass_time(inside, checkpoints.NEVER_NAMED_KEPT_S - 1)
        assert is_stored(inside, b"and then the machine was lost")
        pass_time(inside, 2)
        assert not is_stored(inside, b"and then the machine was lost")
        assert inside.market.blobs.holds(result)
        assert inside.market.blobs.holds(lease.order.order.manifest_sha256)

    def test_a_superseded_state_goes_and_the_last_stays(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"first")
        saved(inside, node, lease, b"second")
        pass_time(inside, checkpoints.KEPT_S - 1)
        assert is_stored(inside, b"first")
        pass_time(inside, 1)
        assert not is_stored(inside, b"first")
        pass_time(inside, 10 * checkpoints.KEPT_S)
        assert is_stored(inside, b"second")

    @pytest.mark.parametrize("end", ["awarded", "cancelled", "expired", "given up"])
    def test_the_state_of_a_task_that_ended_goes(self, inside: Inside, end: str) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"state")
        if end == "awarded":
            inside.judge(lease, inside.deliver(node, lease, b"result"), accepted=True)
        elif end == "cancelled":
            ending.cancel(inside.market, CLIENT_KEY, lease.task_id.partition(".")[0])
        elif end == "expired":
            inside.clock += 3601
            ending.end_jobs(inside.market)
        else:
            for _ in range(3):
                inside.report(node, Failed(lease.lease_id, "broken", USAGE))
                lease = (inside.lease(node).leases or (lease,))[0]
        pass_time(inside)
        assert not is_stored(inside, b"state")
        if end == "awarded":
            assert is_stored(inside, b"result")

    def test_a_refused_state_goes(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        large = bytes(checkpoint_blob_max_bytes(1000) + 1)
        saved(inside, node, lease, large)
        pass_time(inside)
        assert not is_stored(inside, large)

    def test_what_two_tasks_share_stays_until_both_have_ended(self, inside: Inside) -> None:
        node = inside.node(0)
        inside.submit(tasks=2, checkpoint=RULE)
        one, two = inside.lease(node, slots=2).leases
        for lease in (one, two):
            saved(inside, node, lease, b"both")
        saved(inside, node, one, b"one further")
        pass_time(inside)
        assert is_stored(inside, b"both")
        saved(inside, node, two, b"two further")
        pass_time(inside)
        assert not is_stored(inside, b"both")

    def test_a_result_that_was_also_a_state_stays(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"42")
        inside.judge(lease, inside.deliver(node, lease, b"42"), accepted=True)
        pass_time(inside)
        assert is_stored(inside, b"42")

    def test_a_manifest_that_a_node_stored_and_named_as_its_state_stays(
        self, inside: Inside
    ) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"module")
        inside.submit(runtime=inside.wasm(b"module"))
        saved(inside, node, lease, b"further")
        pass_time(inside)
        assert is_stored(inside, b"module")

    def test_a_node_cannot_have_somebody_elses_blob_removed(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        inside.store(b"an input, not submitted yet")
        saved(inside, node, lease, b"an input, not submitted yet")
        saved(inside, node, lease, b"further")
        pass_time(inside)
        assert is_stored(inside, b"an input, not submitted yet")

    def test_what_somebody_sent_again_stays_until_it_can_be_named(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"first")
        saved(inside, node, lease, b"second")
        inside.clock += checkpoints.KEPT_S - 1
        with inside.market.database.write() as connection:
            blob_rows.touch(connection, hashlib.sha256(b"first").hexdigest(), inside.clock)
        pass_time(inside, checkpoints.KEPT_S - 1)
        assert is_stored(inside, b"first")
        inside.submit(runtime=inside.wasm(b"first"))
        pass_time(inside)
        assert is_stored(inside, b"first")

    def test_a_removal_that_was_broken_off_is_done_again(self, inside: Inside) -> None:
        node = inside.node(0)
        lease = held(inside, node)
        saved(inside, node, lease, b"first")
        saved(inside, node, lease, b"second")
        inside.market.blobs.remove(hashlib.sha256(b"first").hexdigest())
        pass_time(inside)
        assert not is_stored(inside, b"first")
