"""What no compositor at hand does, played by a fake server over a real socket."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.user_input import unseen
from gridle.worker.probes.presence.wayland_fullscreen import WaylandFullscreen
from gridle.worker.probes.presence.wayland_idle import REST_MS
from gridle.worker.probes.presence.wayland_input import WaylandInput
from gridle.worker.probes.presence.wayland_wire import Arguments, Message, request, string, uint
from tests.fakes.wayland_server import FakeWaylandServer, fake_wayland
from tests.rigs.calls import Calls, until

SEAT, EXT, KDE = "wl_seat", "ext_idle_notifier_v1", "org_kde_kwin_idle"
WINDOWS = "zwlr_foreign_toplevel_manager_v1"
IDLED, RESUMED = 0, 1
UNSEEN = unseen(Blindness.NO_IDLE_PROTOCOL)
FIRST_WINDOW = 0xFF000000


@pytest.mark.parametrize(
    ("offered", "bound", "opcode", "seat_comes_first"),
    [
        ([(SEAT, 8), (KDE, 1), (EXT, 2)], (EXT, 2), 2, False),
        ([(EXT, 7), (SEAT, 8), (KDE, 1)], (EXT, 2), 2, False),
        ([(EXT, 1), (KDE, 1), (SEAT, 8)], (EXT, 1), 1, False),
        ([(KDE, 1), (SEAT, 8)], (KDE, 1), 0, True),
    ],
)
def test_the_best_notice_that_is_offered_is_asked_for(
    tmp_path: Path,
    offered: list[tuple[str, int]],
    bound: tuple[str, int],
    opcode: int,
    seat_comes_first: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with fake_wayland(tmp_path, *offered) as server, _watching(server, Calls()):
        asked = server.asked(opcode)[0]
        notifier, seat = server.bound
        assert (notifier.interface, notifier.version) == bound
        assert asked.object_id == notifier.object_id
        arguments = Arguments(asked.untrusted_arguments)
        arguments.uint()  # the new object
        rest = (arguments.uint(), arguments.uint())
        order = (seat.object_id, REST_MS) if seat_comes_first else (REST_MS, seat.object_id)
        assert rest == order


def test_any_seat_counts_also_one_that_comes_later(tmp_path: Path) -> None:
    calls = Calls()
    with fake_wayland(tmp_path, (EXT, 2), (SEAT, 8)) as server, _watching(server, calls) as watch:
        first = _notice(server.asked(2)[0])
        server.event(first, IDLED)
        until(lambda: _seconds(watch) > 0)
        before = time.monotonic()
        server.offer(7, SEAT, 8)
        calls.after(before)  # a keyboard was plugged in
        second = _notice(server.asked(2, count=2)[1])
        server.event(second, IDLED)
        until(lambda: _seconds(watch) > 0)
        before = time.monotonic()
        server.event(second, RESUMED)
        calls.after(before)
        assert watch.read().seconds_since_input == 0.0
        server.withdraw(7)
        until(lambda: _seconds(watch) > 0)
        assert server.asked(0)[0].object_id == second  # its notice is given back


def test_a_protocol_that_is_offered_later_is_taken(tmp_path: Path) -> None:
    calls = Calls()
    with fake_wayland(tmp_path, (SEAT, 8)) as server, _watching(server, calls) as watch:
        assert watch.read() == UNSEEN
        before = time.monotonic()
        server.offer(2, EXT, 1)
        calls.after(before)
        assert not watch.read().session_unseen


NONSENSE = {
    "a message shorter than its own head": struct.pack("=II", 2, 4 << 16),
    "a message that ends in mid-word": struct.pack("=II", 2, 9 << 16) + b"abcd",
    "a string longer than its message": request(2, 0, uint(9), uint(2**32 - 1)),
    "a string without its end": request(2, 0, uint(9), uint(4), b"abcd", uint(1)),
    "the same name twice": request(2, 0, uint(1), string(EXT), uint(2)),
    "an error": request(1, 0, uint(3), uint(0), string("no")),
    "more names than any desktop has": b"".join(
        request(2, 0, uint(100 + each), string("x"), uint(1)) for each in range(5000)
    ),
    "more seats than any desk has": b"".join(
        request(2, 0, uint(100 + each), string(SEAT), uint(1)) for each in range(100)
    ),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_compositor_that_speaks_nonsense_is_left_and_tried_again(
    tmp_path: Path, data: bytes
) -> None:
    calls = Calls()
    with fake_wayland(tmp_path, (EXT, 2), (SEAT, 8)) as server, _watching(server, calls) as watch:
        server.asked(2)
        before = time.monotonic()
        server.raw(data)
        calls.after(before)
        until(lambda: server.clients == 2)
        until(lambda: not watch.read().session_unseen)


def test_messages_to_nobody_are_passed_over(tmp_path: Path) -> None:
    with fake_wayland(tmp_path, (EXT, 2), (SEAT, 8)) as server, _watching(server, Calls()) as watch:
        notice = _notice(server.asked(2)[0])
        server.event(77777, 3, uint(1))
        server.event(notice, 99)
        server.event(notice, IDLED)
        until(lambda: _seconds(watch) > 0)
        assert server.clients == 1


def test_windows_without_names_and_with_too_long_ones(tmp_path: Path) -> None:
    calls = Calls()
    with fake_wayland(tmp_path, (WINDOWS, 3)) as server:
        watch = WaylandFullscreen(str(server.path))
        watch.start(calls)
        before = time.monotonic()
        manager = server.bound[0].object_id
        server.event(manager, 0, uint(FIRST_WINDOW))
        server.event(FIRST_WINDOW, 1, string("\x1b[31m" + "a" * 3000))
        server.event(FIRST_WINDOW, 4, uint(8), uint(2), uint(3))
        assert watch.read() == ()
        server.event(FIRST_WINDOW, 5)
        calls.after(before)
        assert watch.read() == (Attention(AttentionKind.FULLSCREEN, " [31m" + "a" * 95),)
        before = time.monotonic()
        server.event(FIRST_WINDOW, 6)
        calls.after(before)
        assert watch.read() == ()
        assert server.asked(7)[0].object_id == FIRST_WINDOW
        watch.close()


def test_windows_that_the_first_version_lists_are_not_asked_for(tmp_path: Path) -> None:
    with fake_wayland(tmp_path, (WINDOWS, 1)) as server:
        watch = WaylandFullscreen(str(server.path))
        watch.start(lambda: None)
        assert watch.read() == ()
        assert server.bound == []
        watch.close()


@pytest.mark.parametrize("window", [1, 3, FIRST_WINDOW - 1])
def test_a_window_in_our_own_range_of_numbers_is_nonsense(tmp_path: Path, window: int) -> None:
    with fake_wayland(tmp_path, (WINDOWS, 3)) as server:
        watch = WaylandFullscreen(str(server.path))
        watch.start(lambda: None)
        server.event(server.bound[0].object_id, 0, uint(window))
        until(lambda: server.clients == 2)
        watch.close()


@contextmanager
def _watching(server: FakeWaylandServer, calls: Calls) -> Iterator[WaylandInput]:
    watch = WaylandInput(str(server.path))
    watch.start(calls)
    try:
        yield watch
    finally:
        watch.close()


def _seconds(watch: WaylandInput) -> float:
    return watch.read().seconds_since_input or 0.0


def _notice(asked: Message) -> int:
    return Arguments(asked.untrusted_arguments).uint()
