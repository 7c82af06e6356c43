from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from gridle.market.client.key_courier import KeyCourier
from gridle.market.client.market_client import MarketClient
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.job_messages import (
    AwaitedKey,
    JobDetail,
    JobStatus,
    LeaseKey,
    TaskStatus,
)
from gridle.market.protocol.messages import SEALING_CONTEXT, SealingKey
from gridle.market.protocol.sealing import JobKey
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.market.protocol.states import JobState, TaskState

KEY = JobKey(bytes(range(32)))
JOB = "job-" + "0" * 16
NODE = Identity(bytes(32))
SEALING = SealingIdentity(bytes([2]) * 32, NODE)
STRANGER = SealingIdentity(bytes([3]) * 32, Identity(bytes([4]) * 32))


class Post:
    """A market client that notes what is posted."""

    def __init__(self) -> None:
        self.posted: list[LeaseKey] = []
        self.posts = 0

    def hand_keys(self, job_id: str, keys: Sequence[LeaseKey]) -> int:
        assert job_id == JOB
        self.posts += 1
        self.posted.extend(keys)
        return len(keys)


def lease_id(index: int) -> str:
    return f"lease-{index:024x}"


def task(index: int, sealing: SealingKey | None, node: str | None = NODE.public_key) -> TaskStatus:
    awaits = None if sealing is None else AwaitedKey(lease_id(index), sealing)
    return TaskStatus(f"{JOB}.{index}", index, TaskState.LEASED, 1, node, awaits=awaits)


def detail(*tasks: TaskStatus) -> JobDetail:
    status = JobStatus(
        JOB, "job", "Job", JobState.OPEN, "wasm", "0" * 64, 1, 1, 0, {}, 0.0, 1.0, None
    )
    return JobDetail(status, tasks, 1)


def deliver(*tasks: TaskStatus) -> tuple[Post, list[GridleError]]:
    post, troubles = Post(), list[GridleError]()
    courier = KeyCourier(cast("MarketClient", post), KEY, troubles.append)
    assert courier.deliver(detail(*tasks)) == len(post.posted)
    return post, troubles


def test_each_node_gets_the_keys_of_its_own_task() -> None:
    post, troubles = deliver(task(0, SEALING.public), task(1, None), task(2, SEALING.public))
    assert troubles == []
    assert post.posts == 1
    assert [key.lease_id for key in post.posted] == [lease_id(0), lease_id(2)]
    for key, index in zip(post.posted, (0, 2), strict=True):
        assert SEALING.unwrap(key.wrapped, lease_id(index)) == KEY.for_task(index)
        assert msgspec.convert(msgspec.to_builtins(key), LeaseKey) == key


def test_where_nobody_waits_nothing_is_posted() -> None:
    assert deliver(task(0, None))[0].posts == 0


def test_whom_the_node_did_not_vouch_for_gets_nothing() -> None:
    swapped = msgspec.structs.replace(SEALING.public, public_key=STRANGER.public.public_key)
    post, troubles = deliver(
        task(0, STRANGER.public), task(1, swapped), task(2, SEALING.public, node=None)
    )
    assert post.posts == 0
    assert len(troubles) == 2
    assert "not signed by that node" in troubles[0].sentence.en


def test_a_node_with_an_unusable_key_stops_no_other() -> None:
    no_point = "00" * 32
    signed = SealingKey(no_point, NODE.sign(SEALING_CONTEXT + bytes.fromhex(no_point)).hex())
    post, troubles = deliver(task(0, signed), task(1, SEALING.public))
    assert [key.lease_id for key in post.posted] == [lease_id(1)]
    assert len(troubles) == 1
