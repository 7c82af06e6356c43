from __future__ import annotations

import time
from pathlib import Path

import pytest

from gridle.worker.sandbox.host import wasi_errno
from gridle.worker.sandbox.host.wasi_errno import GuestBroken
from gridle.worker.sandbox.host.wasi_world import Exited
from tests.rigs.guest import IN, Guest, error_of

CLOCK, READ, WRITE = 0, 1, 2


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    return Guest(tmp_path)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    spans: list[float] = []
    monkeypatch.setattr(time, "sleep", spans.append)
    return spans


def now_ns(guest: Guest) -> int:
    guest.world.clock_time_get(1, 0, 0)
    return guest.memory.number(0, 8)


def subscribe(
    guest: Guest, index: int, tag: int, what: int, span_ns: int = 0, flags: int = 0
) -> None:
    at = 1000 + 48 * index
    guest.memory.write(at, bytes(48))
    guest.memory.put(at, 70 + index, 8)
    guest.memory.put(at + 8, tag, 1)
    guest.memory.put(at + 16, what, 4)
    guest.memory.put(at + 24, span_ns, 8)
    guest.memory.put(at + 40, flags, 2)


def poll(guest: Guest, count: int) -> list[tuple[int, int, int]]:
    """Return the events: user data, error and kind."""
    guest.world.poll_oneoff(1000, 3000, count, 0)
    number, events = guest.memory.number, range(3000, 3000 + 32 * guest.memory.number(0, 4), 32)
    return [(number(at, 8), number(at + 8, 2), number(at + 10, 1)) for at in events]


def test_words_are_given_and_no_environment(guest: Guest) -> None:
    guest.world.args_sizes_get(0, 4)
    assert (guest.memory.number(0, 4), guest.memory.number(4, 4)) == (2, 8)
    guest.world.args_get(8, 100)
    assert (guest.memory.number(8, 4), guest.memory.number(12, 4)) == (100, 105)
    assert guest.memory.text(100, 8) == "task\0é\0"
    guest.world.environ_sizes_get(0, 4)
    assert (guest.memory.number(0, 4), guest.memory.number(4, 4)) == (0, 0)
    guest.world.environ_get(0, 0)


def test_random_bytes_fill_what_was_named_and_no_more(guest: Guest) -> None:
    guest.world.random_get(10, 20)
    assert bytes(guest.memory.view(0, 10)) == bytes(10)
    assert bytes(guest.memory.view(10, 20)) != bytes(20)
    assert bytes(guest.memory.view(30, 10)) == bytes(10)


def test_a_sleep_passes_for_real_and_for_the_guest(guest: Guest, slept: list[float]) -> None:
    before_ns = now_ns(guest)
    subscribe(guest, 0, CLOCK, 1, 2_500_000_000)
    assert poll(guest, 1) == [(70, 0, CLOCK)]
    assert slept == [2.5]
    assert now_ns(guest) - before_ns == 2_500_001_000


def test_the_first_of_several_waits_ends_the_sleep(guest: Guest, slept: list[float]) -> None:
    for index, span_ns in enumerate((3 * 10**9, 10**9, 10**9)):
        subscribe(guest, index, CLOCK, 1, span_ns)
    assert poll(guest, 3) == [(71, 0, CLOCK), (72, 0, CLOCK)]
    assert slept == [1.0]


def test_waiting_for_a_moment(guest: Guest, slept: list[float]) -> None:
    subscribe(guest, 0, CLOCK, 1, now_ns(guest) + 10**9, flags=1)
    poll(guest, 1)
    assert slept == [pytest.approx(1.0, abs=1e-5)]
    subscribe(guest, 0, CLOCK, 1, 5, flags=1)
    poll(guest, 1)
    assert len(slept) == 1


def test_a_sleep_of_centuries_is_slept_in_parts(guest: Guest, slept: list[float]) -> None:
    subscribe(guest, 0, CLOCK, 1, 9000 * 10**9)
    poll(guest, 1)
    assert slept == [3600.0, 3600.0, 1800.0]


def test_files_are_always_ready_and_end_the_wait_at_once(guest: Guest, slept: list[float]) -> None:
    subscribe(guest, 0, CLOCK, 1, 10**9)
    subscribe(guest, 1, READ, IN)
    subscribe(guest, 2, WRITE, 99)
    assert poll(guest, 3) == [(71, 0, READ), (72, wasi_errno.BADF, WRITE)]
    assert slept == []
    subscribe(guest, 0, 9, 0)
    assert error_of(lambda: poll(guest, 1)) == wasi_errno.NOTSUP


def test_clocks_that_there_are_not(guest: Guest) -> None:
    assert error_of(lambda: guest.world.clock_res_get(7, 0)) == wasi_errno.INVAL
    subscribe(guest, 0, CLOCK, 7, 10, flags=1)
    assert error_of(lambda: poll(guest, 1)) == wasi_errno.INVAL


def test_ends(guest: Guest) -> None:
    with pytest.raises(Exited) as exited:
        guest.world.proc_exit(7)
    assert exited.value.status == 7
    with pytest.raises(GuestBroken, match="signal 6"):
        guest.world.proc_raise(6)
    guest.world.sched_yield()
    for call in (
        lambda: guest.world.sock_accept(3, 0, 0),
        lambda: guest.world.sock_recv(3, 0, 0, 0, 0, 0),
        lambda: guest.world.sock_send(3, 0, 0, 0, 0),
        lambda: guest.world.sock_shutdown(3, 0),
    ):
        assert error_of(call) == wasi_errno.NOTSOCK
