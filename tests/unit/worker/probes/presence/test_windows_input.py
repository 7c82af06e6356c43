"""What Windows' functions fill in is read as Windows documents it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.readings import Attention, AttentionKind, Blindness
from gridle.worker.probes.presence.user_input import AWAY, unseen
from gridle.worker.probes.presence.windows_input import (
    Session,
    WindowsInput,
    idle_ms,
    parse_session,
    scene_of,
)

OWN = 2
_UNLOCKED, _LOCKED, _UNKNOWN = 1, 0, -1
_NOW = 133_000_000_000_000_000


def info(session_id: int, flags: int = _UNLOCKED, idle_s: float | None = None) -> bytes:
    """Return a WTSINFOEXW: the level, then the parts of level 1 at the offsets of 64-bit C."""
    filled = bytearray(232)
    struct.pack_into("<I", filled, 0, 1)
    struct.pack_into("<IIi", filled, 8, session_id, 0, flags)
    filled[20:86] = "Console".encode("utf-16-le").ljust(66, b"\0")
    filled[86:128] = "somebody".encode("utf-16-le").ljust(42, b"\0")
    last = 0 if idle_s is None else _NOW - round(idle_s * 1e7)
    struct.pack_into("<qqqqq", filled, 168, _NOW - 10**12, 0, 0, last, _NOW)
    return bytes(filled)


class FakeWindows:
    """A Windows whose answers a test sets."""

    def __init__(self, own: int = OWN) -> None:
        self.own = own
        self.ticks = (1000, 6000)
        self.state = 5
        self.infos = {own: info(own)}
        self.refused: set[int] = set()

    def own_session(self) -> int:
        return self.own

    def last_input_tick(self) -> int:
        return self.ticks[0]

    def tick(self) -> int:
        return self.ticks[1]

    def notification_state(self) -> int:
        return self.state

    def active_sessions(self) -> tuple[int, ...]:
        return tuple(self.infos)

    def session_info(self, session_id: int) -> bytes:
        if session_id in self.refused:
            raise PermissionError
        return self.infos[session_id]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 2000))
def test_time_passes_over_the_clocks_new_beginning(last: int, passed_ms: int) -> None:
    assert idle_ms(last, (last + passed_ms) % 2**32) == passed_ms


def test_an_input_just_after_the_clock_was_read_is_no_rest_of_49_days() -> None:
    assert idle_ms(5010, 5000) == 0


def test_a_session_is_read() -> None:
    assert parse_session(info(3, _LOCKED, 12.5)) == Session(3, is_locked=True, idle_s=12.5)
    assert parse_session(info(3, _UNKNOWN)) == Session(3, is_locked=False, idle_s=None)


@pytest.mark.parametrize("broken", [b"", info(1)[:100], b"\x02" + info(1)[1:]])
def test_what_is_no_session_is_refused(broken: bytes) -> None:
    with pytest.raises(OSError, match="WTSINFOEX"):
        parse_session(broken)


@pytest.mark.parametrize(("state", "shows"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 0), (6, 0)])
def test_full_screens_and_presentations_are_signs_of_attention(state: int, shows: int) -> None:
    assert scene_of([], OWN, state).attention == (Attention(AttentionKind.FULLSCREEN),) * shows


def test_the_machine_is_locked_where_all_at_a_screen_are() -> None:
    locked, other = Session(OWN, is_locked=True, idle_s=None), Session(3, False, 5.0)  # noqa: FBT003 - is_locked
    assert scene_of([locked], OWN, 5).locked
    assert not scene_of([locked, other], OWN, 5).locked
    assert not scene_of([], OWN, 5).locked


def test_another_user_counts_and_one_who_cannot_be_seen_too() -> None:
    assert scene_of([Session(3, False, 5.0)], OWN, 5).others_idle_s == 5.0  # noqa: FBT003 - is_locked
    hidden = Session(3, is_locked=False, idle_s=None)
    assert scene_of([hidden], OWN, 5).blindness is Blindness.OTHER_SESSION
    at_lock = Session(3, is_locked=True, idle_s=None)
    assert scene_of([at_lock], OWN, 5).blindness is None


def read(windows: FakeWindows) -> tuple[float | None, Blindness | None]:
    seen = WindowsInput(windows)
    seen.start(lambda: None)
    reading = seen.read()
    seen.close()
    return reading.seconds_since_input, reading.blindness


def test_this_sessions_own_input_is_seen() -> None:
    seconds, blindness = read(FakeWindows())
    assert 5.0 <= (seconds or 0) < 6.0
    assert blindness is None


def test_another_users_session_that_windows_does_not_show_counts_as_unseen() -> None:
    windows = FakeWindows()
    windows.infos[3] = info(3)
    windows.refused.add(3)
    assert read(windows)[1] is Blindness.OTHER_SESSION


def test_a_service_sees_the_sessions_of_others() -> None:
    windows = FakeWindows(own=0)
    windows.infos = {3: info(3, idle_s=40.0)}
    seconds, blindness = read(windows)
    assert 40.0 <= (seconds or 0) < 41.0
    assert blindness is None


def test_a_service_on_a_machine_with_nobody_at_it_is_alone() -> None:
    windows = FakeWindows(own=0)
    windows.infos = {}
    seen = WindowsInput(windows)
    seen.start(lambda: None)
    assert seen.read() == AWAY
    seen.close()


def test_without_windows_nothing_is_seen() -> None:
    seen = WindowsInput()
    seen.start(lambda: None)
    assert seen.read() == unseen(Blindness.NOT_BUILT)
    seen.close()
