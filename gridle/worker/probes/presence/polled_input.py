"""A user's hands where the OS raises no event for them: looked at fast, and only while it matters.

While work runs a thread looks twenty times a second for input, and once a second for what costs
more to ask: locks, other users, full screens. Otherwise nothing runs; whoever reads has a look
taken then, unless the last one is younger than two seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from gridle.worker.policy.readings import Attention, Blindness
from gridle.worker.probes.presence.hands import Hands
from gridle.worker.probes.presence.user_input import InputReading

HANDS_PERIOD_S = 0.05
SCENE_PERIOD_S = 1.0
LOOSE_PERIOD_S = 2.0
_JOIN_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Scene:
    """What is so beside this session's own keys and mouse."""

    locked: bool = False
    attention: tuple[Attention, ...] = ()
    blindness: Blindness | None = None
    """Why somebody may be there whom nothing shows."""
    others_idle_s: float | None = None
    """Seconds since the last input in other users' sessions, where there are any."""


class Eyes(Protocol):
    """How one OS is asked; both raise OSError where it does not answer."""

    def idle_s(self) -> float | None:
        """Return the seconds since the last input; None where this session has no screen."""

    def scene(self) -> Scene:
        """Return the rest; may take some milliseconds."""


class PolledInput:
    """Looks through `eyes`; an OS that does not answer leaves the session unseen."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._hands = Hands(Blindness.NOT_BUILT)
        self._has_hands = True
        self._scene = Scene()
        self._scene_at = self._hands_at = float("-inf")
        self._looking = threading.Lock()
        self._closely = threading.Event()
        self._closing = threading.Event()
        self._on_input: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._watch, name="polled-input", daemon=True)

    def start(self, on_input: Callable[[], None]) -> None:
        """Begin, with a first look."""
        self._on_input = on_input
        self._hands.tell(on_input)
        self._look()
        self._thread.start()

    def read(self) -> InputReading:
        """Return what was seen last; looks again where that is too old."""
        if time.monotonic() - self._hands_at > LOOSE_PERIOD_S:
            self._look()
        scene_age_s = time.monotonic() - self._scene_at
        return joined(self._hands.read() if self._has_hands else None, self._scene, scene_age_s)

    def watch_closely(self, *, on: bool) -> None:
        """Look fast while `on`."""
        (self._closely.set if on else self._closely.clear)()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        self._closely.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_TIMEOUT_S)

    def _watch(self) -> None:
        while self._closely.wait() and not self._closing.wait(HANDS_PERIOD_S):
            self._look()

    def _look(self) -> None:
        with self._looking:
            before, now = self._scene, time.monotonic()
            try:
                idle_s = self._eyes.idle_s()
                if now - self._scene_at >= SCENE_PERIOD_S:
                    self._scene = self._eyes.scene()
                    self._scene_at = now
            except (OSError, AttributeError):  # the latter: this version of the OS lacks the call
                self._has_hands = True
                self._hands.lose_sight()
            else:
                self._hands_at = now
                self._has_hands = idle_s is not None
                if idle_s is not None:
                    self._hands.note(idle_s * 1000)
            changed = is_news(before, self._scene)
        if changed and self._on_input is not None and not self._closing.is_set():
            self._on_input()


def joined(own: InputReading | None, scene: Scene, scene_age_s: float) -> InputReading:
    """Return one reading from this session's own (None: it has no screen) and the scene. Pure."""
    seen = own or InputReading(None, session_unseen=False)
    others_s = None if scene.others_idle_s is None else scene.others_idle_s + scene_age_s
    known = [each for each in (seen.seconds_since_input, others_s) if each is not None]
    return InputReading(
        seconds_since_input=min(known, default=None),
        session_unseen=seen.session_unseen or scene.blindness is not None,
        blindness=seen.blindness or scene.blindness,
        locked=scene.locked,
        attention=scene.attention,
    )


def is_news(before: Scene, now: Scene) -> bool:
    """Tell whether somebody should look at once: another user's input, or any other change. Pure.

    That others rest on is no news.
    """
    if replace(before, others_idle_s=None) != replace(now, others_idle_s=None):
        return True
    if now.others_idle_s is None:
        return before.others_idle_s is not None
    return before.others_idle_s is None or now.others_idle_s < before.others_idle_s
