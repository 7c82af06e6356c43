"""Gamepads through the kernel's own doors: inotify, and descriptors that become readable."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.worker.probes.presence.gamepads import Gamepads
from gridle.worker.probes.presence.user_input import AWAY
from tests.rigs.calls import Calls, until

BUTTON, FROM_THE_START = 1, 0x80
TARGET_S = 0.3


class Pad:
    """A named pipe in place of /dev/input/js*."""

    def __init__(self, folder: Path, name: str = "js0") -> None:
        self.path = folder / name
        os.mkfifo(self.path)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def tell(self, kind: int, value: int) -> float:
        """Send an event; returns the moment just before."""
        before = time.monotonic()
        os.write(self._descriptor, struct.pack("=IhBB", 1, value, kind, 0))
        return before

    def unplug(self) -> None:
        self.path.unlink()
        os.close(self._descriptor)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Gamepads]:
    gamepads = Gamepads(tmp_path)
    yield gamepads
    gamepads.close()


def test_a_button_is_told_at_once(tmp_path: Path, watch: Gamepads) -> None:
    pad, calls = Pad(tmp_path), Calls()
    watch.start(calls)
    assert watch.read() == AWAY
    delays_s = []
    for _ in range(3):
        pressed_at = pad.tell(BUTTON, 1)
        delays_s.append(calls.after(pressed_at) - pressed_at)
    assert min(delays_s) < TARGET_S
    assert (watch.read().seconds_since_input or 0) < 60
    pad.unplug()


def test_a_gamepad_that_is_plugged_in_later_is_found_and_may_go_again(
    tmp_path: Path, watch: Gamepads
) -> None:
    calls = Calls()
    watch.start(calls)
    for _ in range(2):
        pad = Pad(tmp_path)
        pressed_at = pad.tell(BUTTON, 1)
        calls.after(pressed_at)
        pad.unplug()


def test_what_a_gamepad_tells_when_it_is_opened_is_no_hand(tmp_path: Path, watch: Gamepads) -> None:
    pad, calls = Pad(tmp_path), Calls()
    pad.tell(BUTTON | FROM_THE_START, 1)
    watch.start(calls)
    pressed_at = pad.tell(BUTTON, 1)
    first = calls.after(0)
    assert first >= pressed_at
    pad.unplug()


def test_a_folder_in_place_of_a_device_and_other_devices_are_left_alone(
    tmp_path: Path, watch: Gamepads
) -> None:
    (tmp_path / "js1").mkdir()
    (tmp_path / "event0").write_bytes(b"x" * 64)
    pad, calls = Pad(tmp_path), Calls()
    watch.start(calls)
    calls.after(pad.tell(BUTTON, 1))
    pad.unplug()


def test_a_machine_without_input_devices_has_no_gamepads(tmp_path: Path) -> None:
    watch = Gamepads(tmp_path / "nowhere")
    watch.start(lambda: None)
    assert watch.read() == AWAY
    watch.close()
    watch.close()


def test_a_gamepad_in_use_does_not_keep_the_worker_busy(tmp_path: Path, watch: Gamepads) -> None:
    pad, told = Pad(tmp_path), list[None]()
    watch.start(lambda: told.append(None))
    began_at = time.monotonic()
    until(lambda: pad.tell(BUTTON, 1) > began_at + 1.0)
    passed_s = time.monotonic() - began_at
    assert 1 <= len(told) <= passed_s / 0.2 + 2
    pad.unplug()
