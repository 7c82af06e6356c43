"""The windows that a compositor lists, as far as they tell whether one fills the screen. Pure.

zwlr-foreign-toplevel-management-v1: the compositor sends what has changed of a window, and then
that this was all (`done`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gridle.market.protocol.plain_text import plain
from gridle.worker.policy.readings import Attention, AttentionKind

_MINIMIZED, _ACTIVATED, _FULLSCREEN = 1, 2, 3
_MAX_NAME_CHARS = 100


@dataclass(frozen=True)
class Toplevel:
    """One window; `app_id` is what its program calls itself, as text fit to be shown."""

    app_id: str = ""
    fills_screen: bool = False
    """It is shown on the whole of a screen, and has the user's attention."""

    def named(self, untrusted_app_id: str) -> Toplevel:
        """Return the window after it told its program's name."""
        return replace(self, app_id=plain(untrusted_app_id[:_MAX_NAME_CHARS]))

    def in_states(self, untrusted_states: Iterable[int]) -> Toplevel:
        """Return the window after the compositor told all states that it is in.

        A window that fills a screen but is not the active one may be on a workspace that is not
        shown; that cannot be told apart, so it does not count.
        """
        states = set(untrusted_states)
        fills = {_FULLSCREEN, _ACTIVATED} <= states and _MINIMIZED not in states
        return replace(self, fills_screen=fills)


@dataclass
class Toplevels:
    """All windows: what was told of each, and what of that is valid by now."""

    _told: dict[int, Toplevel] = field(default_factory=dict)
    _valid: dict[int, Toplevel] = field(default_factory=dict)

    def told(self, window: int) -> Toplevel:
        """Return what was told of a window so far."""
        return self._told.get(window, Toplevel())

    def tell(self, window: int, toplevel: Toplevel) -> None:
        """Take in something of a window; it holds from `done` on."""
        self._told[window] = toplevel

    def done(self, window: int) -> None:
        """Let what was told of a window hold."""
        self._valid[window] = self.told(window)

    def close(self, window: int) -> None:
        """Forget a window."""
        self._told.pop(window, None)
        self._valid.pop(window, None)

    def attention(self) -> tuple[Attention, ...]:
        """Return a sign of attention for each program that fills a screen."""
        programs = {each.app_id for each in self._valid.values() if each.fills_screen}
        return tuple(Attention(AttentionKind.FULLSCREEN, name) for name in sorted(programs))
