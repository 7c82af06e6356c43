"""Which windows count as filling the screen."""

from __future__ import annotations

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.presence.wayland_toplevels import Toplevel, Toplevels

MAXIMIZED, MINIMIZED, ACTIVATED, FULLSCREEN = range(4)


@pytest.mark.parametrize(
    ("states", "fills"),
    [
        ((FULLSCREEN, ACTIVATED), True),
        ((MAXIMIZED, FULLSCREEN, ACTIVATED, 99), True),
        ((FULLSCREEN,), False),
        ((MAXIMIZED, ACTIVATED), False),
        ((MINIMIZED, FULLSCREEN, ACTIVATED), False),
        ((), False),
    ],
)
def test_states(states: tuple[int, ...], fills: bool) -> None:  # noqa: FBT001 - a column
    assert Toplevel().in_states(states).fills_screen is fills


def test_what_is_told_holds_only_once_it_is_all() -> None:
    windows = Toplevels()
    windows.tell(1, windows.told(1).named("mpv"))
    windows.tell(1, windows.told(1).in_states((ACTIVATED, FULLSCREEN)))
    assert windows.attention() == ()
    windows.done(1)
    assert windows.attention() == (Attention(AttentionKind.FULLSCREEN, "mpv"),)
    windows.tell(1, windows.told(1).in_states(()))
    assert windows.attention() != ()
    windows.done(1)
    assert windows.attention() == ()


def test_a_closed_window_is_forgotten() -> None:
    windows = Toplevels()
    windows.tell(1, Toplevel("game", fills_screen=True))
    windows.done(1)
    windows.close(1)
    assert windows.attention() == ()
    assert windows.told(1) == Toplevel()


def test_a_name_is_made_fit_to_be_shown() -> None:
    assert Toplevel().named("a\nb" + "c" * 500).app_id == "a b" + "c" * 97
