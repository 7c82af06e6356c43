from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.cores import (
    cores_of,
    cores_text,
    keep_to_cores,
    own_cores,
    settle,
    usable_cores,
)


@given(st.frozensets(st.integers(0, 300)))
def test_the_kernel_s_list_says_the_same_cores(cores: frozenset[int]) -> None:
    assert cores_of(cores_text(cores)) == cores


def test_the_list_is_as_the_kernel_writes_it() -> None:
    assert cores_text((5, 1, 0, 2, 2)) == "0-2,5"
    assert cores_of("0-2,5\n") == {0, 1, 2, 5}
    assert cores_of("\n") == frozenset()


@pytest.mark.parametrize("text", ["x", "1-x", "-", "1,,y"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        cores_of(text)


@given(st.frozensets(st.integers(0, 9)), st.frozensets(st.integers(0, 9), min_size=1))
def test_never_a_core_that_is_not_there(wanted: frozenset[int], there: frozenset[int]) -> None:
    usable = usable_cores(wanted, there)
    assert usable
    assert set(usable) == (wanted & there or there)


def test_every_new_thread_is_reached_and_a_gone_one_is_no_trouble() -> None:
    listings = iter([[1, 2], [1, 2, 3], [1, 2, 3]])
    done: list[int] = []

    def act(thread: int) -> None:
        done.append(thread)
        if thread == 2:
            raise ProcessLookupError

    settle(lambda: next(listings), act)
    assert done == [1, 2, 3]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_all_threads_of_a_process_are_kept_and_freed() -> None:
    before = own_cores()
    last = max(before)
    with _thread() as thread:
        keep_to_cores(os.getpid(), (last, 4000))
        assert os.sched_getaffinity(thread) == os.sched_getaffinity(0) == {last}
        for each in (thread, 0):
            os.sched_setaffinity(each, before)
    keep_to_cores(2**22 + 1, (last,))  # no such process


@contextmanager
def _thread() -> Iterator[int]:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    assert thread.native_id is not None
    try:
        yield thread.native_id
    finally:
        over.set()
        thread.join()
