"""A real window that fills the screen of a real compositor."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.presence.wayland_fullscreen import WaylandFullscreen
from tests.rigs.calls import Calls
from tests.wayland_compositor import Compositor, sway, tell_sway, weston

PROGRAM = "gridle-film"
FILM = (Attention(AttentionKind.FULLSCREEN, PROGRAM),)


@pytest.mark.skipif(not (shutil.which("sway") and shutil.which("foot")), reason="needs sway, foot")
def test_a_window_counts_while_it_fills_the_screen_and_is_shown() -> None:
    with sway() as compositor:
        calls = Calls()
        watch = WaylandFullscreen(str(compositor.socket))
        watch.start(calls)
        assert watch.read() == ()
        began_at = time.monotonic()
        with _window(compositor):
            calls.after(began_at)
            assert watch.read() == FILM
            for command, seen in (
                (("fullscreen", "disable"), ()),
                (("fullscreen", "enable"), FILM),
                (("workspace", "another"), ()),
                (("workspace", "back_and_forth"), FILM),
            ):
                told_at = time.monotonic()
                tell_sway(compositor, *command)
                calls.after(told_at)
                assert watch.read() == seen
            closed_at = time.monotonic()
        calls.after(closed_at)
        assert watch.read() == ()
        watch.close()


@pytest.mark.skipif(not (shutil.which("sway") and shutil.which("foot")), reason="needs sway, foot")
def test_a_window_that_was_there_first_is_seen_and_gone_with_its_compositor() -> None:
    with sway() as compositor:
        calls = Calls()
        first = WaylandFullscreen(str(compositor.socket))
        first.start(calls)
        began_at = time.monotonic()
        with _window(compositor):
            calls.after(began_at)
            second = WaylandFullscreen(str(compositor.socket))
            second.start(lambda: None)
            assert second.read() == FILM
            second.close()
            killed_at = time.monotonic()
            compositor.kill()
            calls.after(killed_at)
            assert first.read() == ()
        first.close()


@pytest.mark.skipif(not shutil.which("weston"), reason="needs weston")
def test_a_compositor_that_lists_no_windows_shows_none() -> None:
    with weston() as compositor:
        watch = WaylandFullscreen(str(compositor.socket))
        watch.start(lambda: None)
        assert watch.read() == ()
        watch.close()


@contextmanager
def _window(compositor: Compositor) -> Iterator[None]:
    options = [f"--config={os.devnull}", f"--app-id={PROGRAM}", "--fullscreen"]
    window = subprocess.Popen(
        ["foot", *options, "sleep", "600"],
        env=compositor.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        window.terminate()
        window.wait(10)
