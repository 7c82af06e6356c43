from __future__ import annotations

import io
from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol import archive
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import Resources
from gridle.market.protocol.sealing import (
    JobKey,
    TaskKeys,
    open_input,
    open_state,
    seal_input,
    seal_result,
    seal_state,
    sealed_result_size,
)

KEY = JobKey(bytes(range(32)))
OTHER = JobKey(bytes(32))
NO_POINT = "00" * 32
"""A point of low order: with it everybody would know the shared secret."""


def result(plain: bytes, keys: TaskKeys, result_key: str = KEY.result_key) -> bytes:
    writer = io.BytesIO()
    seal_result(io.BytesIO(plain), writer, keys, result_key)
    return writer.getvalue()


def opened_result(untrusted: bytes, index: int, key: JobKey = KEY) -> bytes:
    writer = io.BytesIO()
    key.open_result(io.BytesIO(untrusted), writer, index)
    return writer.getvalue()


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = [KEY.secret]
    for job in (KEY, OTHER):
        keys += [job.for_task(0).inputs, job.for_task(0).task, job.for_task(1).task]
    assert len(set(keys)) == len(keys)
    assert KEY.for_task(0).inputs == KEY.for_task(1).inputs
    assert KEY.result_key != OTHER.result_key


def test_a_stored_key_is_the_same_key() -> None:
    key = JobKey.new()
    assert JobKey(key.secret).for_task(7) == key.for_task(7)
    assert JobKey.new().secret != key.secret


def test_no_secret_is_shown() -> None:
    shown = repr(KEY) + repr(KEY.for_task(0)) + str(KEY)
    keys = KEY.for_task(0)
    for secret in (KEY.secret, keys.inputs, keys.task):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


@given(st.binary(max_size=100))
def test_inputs_open_under_their_name_in_their_job(plain: bytes) -> None:
    closed, again = io.BytesIO(), io.BytesIO()
    seal_input(io.BytesIO(plain), closed, KEY.for_task(0), "a.csv")
    open_input(io.BytesIO(closed.getvalue()), again, KEY.for_task(5), "a.csv")
    assert again.getvalue() == plain
    for keys, name in ((KEY.for_task(0), "b.csv"), (OTHER.for_task(0), "a.csv")):
        with pytest.raises(InvalidInputError):
            open_input(io.BytesIO(closed.getvalue()), io.BytesIO(), keys, name)


@given(st.binary(max_size=100))
def test_states_open_for_their_task_and_version(plain: bytes) -> None:
    closed, again = io.BytesIO(), io.BytesIO()
    seal_state(io.BytesIO(plain), closed, KEY.for_task(3), 2)
    open_state(io.BytesIO(closed.getvalue()), again, KEY.for_task(3), 2)
    assert again.getvalue() == plain
    for index, version in ((3, 1), (4, 2)):
        with pytest.raises(InvalidInputError):
            open_state(io.BytesIO(closed.getvalue()), io.BytesIO(), KEY.for_task(index), version)


@given(st.binary(max_size=100))
def test_results_open_for_the_requestor_alone(plain: bytes) -> None:
    closed = result(plain, KEY.for_task(3))
    assert len(closed) == sealed_result_size(len(plain))
    assert opened_result(closed, 3) == plain
    with pytest.raises(InvalidInputError):
        opened_result(closed, 3, OTHER)


def test_nobody_makes_a_result_who_never_had_the_task() -> None:
    for keys in (OTHER.for_task(3), KEY.for_task(4), TaskKeys(bytes(32), bytes(32))):
        with pytest.raises(InvalidInputError):
            opened_result(result(b"forged", keys), 3)


def test_box_and_stream_of_a_result_belong_together() -> None:
    one, two = (result(plain, KEY.for_task(3)) for plain in (b"one", b"two"))
    with pytest.raises(InvalidInputError):
        opened_result(one[:80] + two[80:], 3)


@given(st.binary(max_size=300))
def test_rubbish_is_no_result(rubbish: bytes) -> None:
    with pytest.raises(InvalidInputError):
        opened_result(rubbish, 0)


def test_what_is_sealed_for_one_purpose_opens_for_no_other() -> None:
    keys, plain = KEY.for_task(0), io.BytesIO
    sealed = []
    sealing: tuple[Callable[[io.BytesIO], None], ...] = (
        lambda writer: seal_input(plain(b"x"), writer, keys, "a"),
        lambda writer: seal_state(plain(b"x"), writer, keys, 1),
        lambda writer: seal_result(plain(b"x"), writer, keys, KEY.result_key),
    )
    for seal in sealing:
        writer = io.BytesIO()
        seal(writer)
        sealed.append(writer.getvalue())
    opening: tuple[Callable[[io.BytesIO], None], ...] = (
        lambda reader: open_input(reader, io.BytesIO(), keys, "a"),
        lambda reader: open_state(reader, io.BytesIO(), keys, 1),
        lambda reader: KEY.open_result(reader, io.BytesIO(), 0),
    )
    for one, other in permutations(range(3), 2):
        with pytest.raises(InvalidInputError):
            opening[one](io.BytesIO(sealed[other]))


def test_a_key_without_a_secret_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        result(b"x", KEY.for_task(0), NO_POINT)


@given(
    st.integers(1, 256 * 2**20),
    st.integers(1, 1000),
)
def test_sealing_fits_into_what_the_market_allows_an_archive(max_bytes: int, files: int) -> None:
    resources = Resources(reference_s=1.0, output_max_bytes=max_bytes, output_max_files=files)
    packed = -(-(max_bytes + 1023 * files + 1024) // 10240) * 10240  # padded headers and bodies
    market_limit = resources.output_max_bytes + (resources.output_max_files + 20) * 1024
    assert sealed_result_size(packed) <= market_limit
    assert len(archive.pack({"a": b"x"})) == 10240
