"""The user's hands, seen through real Wayland compositors with real key presses."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from gridle.worker.policy.readings import Blindness
from gridle.worker.probes.presence.user_input import unseen
from gridle.worker.probes.presence.wayland_idle import REST_MS
from gridle.worker.probes.presence.wayland_input import WaylandInput
from tests.rigs.calls import Calls, until
from tests.wayland_compositor import Compositor, kwin, sway, weston
from tests.wayland_hand import FakeInputHand, VirtualKeyboardHand, WaylandHand

TARGET_S = 0.030
TRIALS = 5
EARLY_S = 0.1
"""KWin's timers may be a twentieth early."""
NO_WAY_TO_SEE = unseen(Blindness.NO_IDLE_PROTOCOL)


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}")


EACH_COMPOSITOR = pytest.mark.parametrize(
    ("start", "hand_on"),
    [
        pytest.param(sway, VirtualKeyboardHand, marks=_needs("sway"), id="sway"),
        pytest.param(kwin, FakeInputHand, marks=_needs("kwin_wayland"), id="kwin"),
    ],
)
Start = Callable[[], AbstractContextManager[Compositor]]


@EACH_COMPOSITOR
def test_the_first_key_after_a_rest_is_told_at_once(
    start: Start, hand_on: Callable[[Path], WaylandHand]
) -> None:
    with start() as compositor, closing(hand_on(compositor.socket)) as hand:
        calls = Calls()
        delays_s = []
        with _watching(compositor, calls) as watch:
            for _ in range(TRIALS):
                until(lambda: _seconds(watch) * 1000 > REST_MS)
                pressed_at = hand.press()
                delays_s.append(calls.after(pressed_at) - pressed_at)
                assert _seconds(watch) < REST_MS / 1000
    # The best of five is not disturbed by other programs.
    assert min(delays_s) < TARGET_S


@EACH_COMPOSITOR
def test_seconds_since_input_grow_while_nobody_is_there(
    start: Start, hand_on: Callable[[Path], WaylandHand]
) -> None:
    with (
        start() as compositor,
        closing(hand_on(compositor.socket)) as hand,
        _watching(compositor, Calls()) as watch,
    ):
        until(lambda: _seconds(watch) * 1000 > REST_MS)
        pressed_at = hand.press()
        until(lambda: _seconds(watch) * 1000 < REST_MS)
        until(lambda: _seconds(watch) > 1.0)
        assert _seconds(watch) <= time.monotonic() - pressed_at + EARLY_S


@EACH_COMPOSITOR
def test_a_compositor_that_dies_leaves_the_session_unseen_until_it_is_back(
    start: Start, hand_on: Callable[[Path], WaylandHand]
) -> None:
    with start() as compositor:
        calls = Calls()
        with _watching(compositor, calls) as watch:
            assert not watch.read().session_unseen
            killed_at = time.monotonic()
            compositor.kill()
            calls.after(killed_at)
            assert watch.read() == NO_WAY_TO_SEE
            compositor.start_again()
            until(lambda: not watch.read().session_unseen)
            with closing(hand_on(compositor.socket)) as hand:
                until(lambda: _seconds(watch) * 1000 > REST_MS)
                calls.after(hand.press())


@_needs("weston")
def test_a_compositor_without_either_protocol_is_an_unseen_session() -> None:
    with weston() as compositor, _watching(compositor, Calls()) as watch:
        assert watch.read() == NO_WAY_TO_SEE


@pytest.mark.parametrize("name", ["nothing-here", "/nothing/here", "no\0name", "a" * 200])
def test_no_compositor_at_all_is_an_unseen_session(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    watch = WaylandInput(name)
    watch.start(lambda: None)
    assert watch.read() == NO_WAY_TO_SEE
    watch.close()


@_needs("sway")
def test_a_display_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with sway() as compositor:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(compositor.folder))
        watch = WaylandInput(compositor.socket.name)
        watch.start(lambda: None)
        assert not watch.read().session_unseen
        watch.close()


@contextmanager
def _watching(compositor: Compositor, calls: Calls) -> Iterator[WaylandInput]:
    watch = WaylandInput(str(compositor.socket))
    watch.start(calls)
    try:
        yield watch
    finally:
        watch.close()


def _seconds(watch: WaylandInput) -> float:
    return watch.read().seconds_since_input or 0.0
