from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.sealing import JobKey
from gridle.market.protocol.sealing_identity import (
    SealingIdentity,
    load_sealing_identity,
    verify_sealing_key,
    wrap,
)

NODE = Identity(bytes(32))
OTHER_NODE = Identity(bytes([1]) * 32)
SEALING = SealingIdentity(bytes([2]) * 32, NODE)
KEYS = JobKey(bytes([3]) * 32).for_task(0)
LEASE = f"lease-{1:024x}"
OTHER_LEASE = f"lease-{2:024x}"


def test_keys_arrive_at_their_node_for_their_lease() -> None:
    wrapped = wrap(KEYS, LEASE, SEALING.public.public_key)
    assert SEALING.unwrap(wrapped, LEASE) == KEYS
    with pytest.raises(InvalidInputError):
        SEALING.unwrap(wrapped, OTHER_LEASE)
    with pytest.raises(InvalidInputError):
        SealingIdentity(bytes([4]) * 32, NODE).unwrap(wrapped, LEASE)


@given(st.text(max_size=400) | st.binary(max_size=400).map(bytes.hex))
def test_rubbish_does_not_unwrap(rubbish: str) -> None:
    with pytest.raises(InvalidInputError):
        SEALING.unwrap(rubbish, LEASE)


def test_a_key_belongs_to_the_node_that_signed_it() -> None:
    assert verify_sealing_key(NODE.public_key, SEALING.public) == SEALING.public.public_key
    other = SealingIdentity(bytes([5]) * 32, OTHER_NODE).public
    swapped = msgspec.structs.replace(SEALING.public, public_key=other.public_key)
    for node, untrusted in (
        (OTHER_NODE.public_key, SEALING.public),
        (NODE.public_key, other),
        (NODE.public_key, swapped),
        ("ff" * 32, SEALING.public),
    ):
        with pytest.raises(RefusedError):
            verify_sealing_key(node, untrusted)


def test_no_key_is_wrapped_for_a_point_of_low_order() -> None:
    with pytest.raises(InvalidInputError):
        wrap(KEYS, LEASE, "00" * 32)


def test_a_needed_key_stays_and_another_goes(tmp_path: Path) -> None:
    path = tmp_path / "home" / "sealing.key"
    first = load_sealing_identity(path, NODE, is_needed=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_sealing_identity(path, NODE, is_needed=True).public == first.public
    second = load_sealing_identity(path, NODE, is_needed=False)
    assert second.public != first.public
    with pytest.raises(InvalidInputError):
        second.unwrap(wrap(KEYS, LEASE, first.public.public_key), LEASE)


def test_a_damaged_key_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    for damage in (b"\xff\xfe", b"abcd", b"zz" * 32):
        path.write_bytes(damage)
        fresh = load_sealing_identity(path, NODE, is_needed=True)
        assert load_sealing_identity(path, NODE, is_needed=True).public == fresh.public


def test_no_secret_is_shown() -> None:
    assert (bytes([2]) * 32).hex() not in repr(SEALING)
