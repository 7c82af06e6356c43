"""How the user's hands are seen follows from the session, never from guesses."""

from __future__ import annotations

import pytest

from gridle.worker.probes.build import Probes, find_user_input
from gridle.worker.probes.machine.gpus import NoGpus
from gridle.worker.probes.presence.user_input import AWAY, UNSEEN, FixedInput, InputReading
from gridle.worker.probes.presence.x11_input import X11Input


@pytest.mark.parametrize(
    ("environment", "platform", "reading"),
    [
        ({}, "linux", AWAY),
        ({"XDG_SESSION_TYPE": "tty"}, "linux", AWAY),
        ({"XDG_SESSION_TYPE": "x11"}, "linux", UNSEEN),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", UNSEEN),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", UNSEEN),
        ({}, "win32", UNSEEN),
        ({}, "darwin", UNSEEN),
    ],
)
def test_sessions_that_cannot_be_watched(
    environment: dict[str, str], platform: str, reading: InputReading
) -> None:
    assert find_user_input(environment, platform).read() == reading


def test_a_display_is_watched_through_x11() -> None:
    assert isinstance(find_user_input({"DISPLAY": ":0"}, "linux"), X11Input)


def test_readings_are_of_this_machine() -> None:
    probes = Probes(FixedInput(AWAY), NoGpus())
    probes.start(lambda: None)
    readings = probes.read(our_cpu_s=0.0, our_memory_bytes=0)
    probes.close()
    assert readings.cores >= 1
    assert readings.free_memory_bytes > 0
    assert readings.gpus == ()
    assert not readings.session_unseen
