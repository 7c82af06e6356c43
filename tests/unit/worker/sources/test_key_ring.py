from __future__ import annotations

import pytest

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.sealing import JobKey, TaskKeys
from gridle.worker.sources.key_ring import KeyRing
from gridle.worker.sources.port import NoKeysError

KEYS = JobKey(bytes(32)).for_task(0)


def test_keys_are_asked_for_once_and_forgotten() -> None:
    asked: list[LeaseId] = []

    def ask(lease_id: LeaseId) -> TaskKeys:
        asked.append(lease_id)
        return KEYS

    ring = KeyRing(ask)
    assert [ring.of("one"), ring.of("one"), ring.of("two")] == [KEYS] * 3
    assert asked == ["one", "two"]
    ring.drop("one")
    ring.drop("one")
    ring.of("one")
    assert asked == ["one", "two", "one"]


def test_what_did_not_come_is_asked_for_again() -> None:
    answers = [NoKeysError("None.", "没有。"), None]

    def ask(_lease_id: LeaseId) -> TaskKeys:
        error = answers.pop(0)
        if error is not None:
            raise error
        return KEYS

    ring = KeyRing(ask)
    with pytest.raises(NoKeysError):
        ring.of("one")
    assert ring.of("one") == KEYS
