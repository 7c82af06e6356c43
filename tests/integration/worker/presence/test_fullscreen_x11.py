"""Real windows on a real X server, with the hints that a window manager sets."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import xcffib
import xcffib.xproto

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.presence.fullscreen_x11 import FullscreenX11
from tests.rigs.calls import Calls, until
from tests.x_server import x_server

pytestmark = [
    pytest.mark.x11,
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb"),
]

FILM = (Attention(AttentionKind.FULLSCREEN, "Film"),)
FULLSCREEN, HIDDEN = "_NET_WM_STATE_FULLSCREEN", "_NET_WM_STATE_HIDDEN"
DESKTOP, DOCK = "_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK"
NORMAL = "_NET_WM_WINDOW_TYPE_NORMAL"


class Screen:
    """Programs and a window manager in one: makes windows, and says what they are."""

    def __init__(self, display: str) -> None:
        self.display = display
        self._connection = xcffib.connect(display=display)
        self._core = xcffib.xproto.xprotoExtension(self._connection)
        self._root = self._connection.get_setup().roots[0].root

    def window(
        self, states: Sequence[str], kind: str = NORMAL, name: bytes = b"mpv\0Film\0"
    ) -> int:
        window = int(self._connection.generate_id())
        size = (0, 0, 100, 100, 0)
        normal = xcffib.xproto.WindowClass.InputOutput
        self._core.CreateWindow(0, window, self._root, *size, normal, 0, 0, [])
        self._set(window, xcffib.xproto.Atom.WM_CLASS, xcffib.xproto.Atom.STRING, 8, name)
        self._set_atoms(window, "_NET_WM_WINDOW_TYPE", [kind])
        self.set_states(window, states)
        return window

    def set_states(self, window: int, states: Sequence[str]) -> None:
        self._set_atoms(window, "_NET_WM_STATE", states)

    def activate(self, window: int) -> None:
        number = [window]
        self._set(
            self._root, self._atom("_NET_ACTIVE_WINDOW"), xcffib.xproto.Atom.WINDOW, 32, number
        )

    def stack(self, windows: list[int]) -> None:
        name = self._atom("_NET_CLIENT_LIST_STACKING")
        self._set(self._root, name, xcffib.xproto.Atom.WINDOW, 32, windows)

    def show(self, window: int) -> None:
        self._core.MapWindow(window)
        self.flush()

    def destroy(self, window: int) -> None:
        self._core.DestroyWindow(window)
        self.flush()

    @property
    def is_managed(self) -> bool:
        """Whether a window manager has taken this screen."""
        name, anything = self._atom("_NET_SUPPORTING_WM_CHECK"), xcffib.xproto.GetPropertyType.Any
        found = self._core.GetProperty(
            delete=False, window=self._root, property=name, type=anything,
            long_offset=0, long_length=1,
        )  # fmt: skip
        return bool(found.reply().value_len)

    def flush(self) -> None:
        """Return once the server has done all that was asked."""
        self._core.GetInputFocus().reply()

    def close(self) -> None:
        self._connection.disconnect()

    def _set_atoms(self, window: int, name: str, values: Sequence[str]) -> None:
        atoms = [self._atom(each) for each in values]
        self._set(window, self._atom(name), xcffib.xproto.Atom.ATOM, 32, atoms)

    def _set(self, window: int, name: int, kind: int, bits: int, value: bytes | list[int]) -> None:
        replace = xcffib.xproto.PropMode.Replace
        self._core.ChangeProperty(replace, window, name, kind, bits, len(value), value)
        self.flush()

    def _atom(self, name: str) -> int:
        return int(
            self._core.InternAtom(only_if_exists=False, name_len=len(name), name=name).reply().atom
        )


def test_the_active_window_counts_while_it_fills_the_screen() -> None:
    with _watched() as (screen, watch, calls):
        assert watch.read() == ()
        film, letter = screen.window([FULLSCREEN]), screen.window([])
        steps: tuple[tuple[Callable[[], None], tuple[Attention, ...]], ...] = (
            (lambda: screen.activate(film), FILM),
            (lambda: screen.activate(letter), ()),
            (lambda: screen.activate(film), FILM),
            (lambda: screen.set_states(film, []), ()),
            (lambda: screen.set_states(film, [FULLSCREEN]), FILM),
            (lambda: screen.set_states(film, [FULLSCREEN, HIDDEN]), ()),
        )
        for do, seen in steps:
            before = time.monotonic()
            do()
            calls.after(before)
            assert watch.read() == seen


def test_the_desktop_and_its_panels_never_count() -> None:
    with _watched() as (screen, watch, calls):
        before = time.monotonic()
        screen.activate(screen.window([FULLSCREEN]))
        calls.after(before)
        for kind in (DESKTOP, DOCK):
            before = time.monotonic()
            screen.activate(screen.window([FULLSCREEN], kind))
            calls.after(before)
            assert watch.read() == ()
            before = time.monotonic()
            screen.activate(screen.window([FULLSCREEN]))
            calls.after(before)
            assert watch.read() == FILM


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"", ""),
        (b"one\0", ""),
        (b"one", "one"),
        (b"a\0" + b"\x1b]" + b"x" * 1000, " ]" + "x" * 252),
        (b"a\0\xff\xfe\0", "\ufffd\ufffd"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(name: bytes, shown: str) -> None:
    with _watched() as (screen, watch, calls):
        before = time.monotonic()
        screen.activate(screen.window([FULLSCREEN], name=name))
        calls.after(before)
        assert watch.read() == (Attention(AttentionKind.FULLSCREEN, shown),)


def test_a_window_that_is_gone_is_passed_over() -> None:
    with _watched() as (screen, watch, calls):
        film = screen.window([FULLSCREEN])
        before = time.monotonic()
        screen.activate(film)
        calls.after(before)
        gone = screen.window([FULLSCREEN])
        screen.destroy(gone)
        before = time.monotonic()
        screen.activate(gone)
        calls.after(before)
        assert watch.read() == ()
        before = time.monotonic()
        screen.activate(film)
        calls.after(before)
        assert watch.read() == FILM


def test_a_window_that_goes_does_not_cost_the_connection() -> None:
    with _watched() as (screen, watch, calls):
        line = watch._link._line
        film, letter = screen.window([FULLSCREEN]), screen.window([])
        screen.activate(letter)
        screen.destroy(letter)
        before = time.monotonic()
        screen.activate(film)
        calls.after(before)
        assert watch.read() == FILM
        assert watch._link._line is line


def test_where_no_window_is_active_the_topmost_counts() -> None:
    with _watched() as (screen, watch, calls):
        film, letter = screen.window([FULLSCREEN]), screen.window([])
        panel = screen.window([FULLSCREEN], DOCK)
        screen.activate(0)
        for stack, seen in (([letter, film, panel], FILM), ([film, letter, panel], ())):
            before = time.monotonic()
            screen.stack(stack)
            calls.after(before)
            assert watch.read() == seen


@pytest.mark.skipif(not shutil.which("jwm"), reason="needs jwm")
def test_with_a_real_window_manager(tmp_path: Path) -> None:
    (tmp_path / "jwmrc").write_text("<JWM/>")
    with _watched() as (screen, watch, calls), _window_manager(screen, tmp_path / "jwmrc"):
        line = watch._link._line
        for _ in range(2):
            before = time.monotonic()
            film = screen.window([FULLSCREEN])
            screen.show(film)
            calls.after(before)
            assert watch.read() == FILM
            before = time.monotonic()
            letter = screen.window([])
            screen.show(letter)
            calls.after(before)
            assert watch.read() == ()
            before = time.monotonic()
            screen.destroy(letter)
            calls.after(before)
            assert watch.read() == FILM
            before = time.monotonic()
            screen.destroy(film)
            calls.after(before)
            assert watch.read() == ()
        assert watch._link._line is line


def test_a_server_that_dies_shows_nothing() -> None:
    calls = Calls()
    with x_server() as display:
        screen, watch = Screen(display), FullscreenX11(display)
        watch.start(calls)
        before = time.monotonic()
        screen.activate(screen.window([FULLSCREEN]))
        calls.after(before)
        screen.close()
        killed_at = time.monotonic()
    calls.after(killed_at)
    assert watch.read() == ()
    watch.close()


def test_no_server_at_all_shows_nothing() -> None:
    watch = FullscreenX11(":987")
    watch.start(lambda: None)
    assert watch.read() == ()
    watch.close()


@contextmanager
def _window_manager(screen: Screen, settings: Path) -> Iterator[None]:
    manager = subprocess.Popen(["jwm", "-display", screen.display, "-f", str(settings)])
    try:
        until(lambda: screen.is_managed)
        yield
    finally:
        manager.terminate()
        manager.wait(10)


@contextmanager
def _watched() -> Iterator[tuple[Screen, FullscreenX11, Calls]]:
    with x_server() as display:
        calls, screen, watch = Calls(), Screen(display), FullscreenX11(display)
        watch.start(calls)
        try:
            yield screen, watch, calls
        finally:
            watch.close()
            screen.close()
