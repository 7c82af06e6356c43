"""Whether a program fills the screen of an X server: one thread, blocked until that changes."""

from __future__ import annotations

from collections.abc import Callable

from gridle.worker.policy.readings import Attention, AttentionKind
from gridle.worker.probes.presence.fullscreen_x11_display import FullscreenX11Display
from gridle.worker.probes.presence.reconnecting import Reconnecting


class FullscreenX11:
    """Watches the active window of one display; says nothing while its server is away."""

    def __init__(self, display_name: str) -> None:
        self._attention: tuple[Attention, ...] = ()  # swapped whole: readers need no lock
        self._on_change: Callable[[], None] | None = None
        self._link = Reconnecting(
            "x11-fullscreen", lambda: FullscreenX11Display(display_name), self._follow
        )

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin; `on_change` comes from a thread when a program begins or ends to fill a screen.

        Returns after the first answer of the server, or after two seconds.
        """
        self._on_change = on_change
        self._link.start()

    def read(self) -> tuple[Attention, ...]:
        """Return the program that fills the screen now; never waits."""
        return self._attention

    def close(self) -> None:
        """Stop the thread and give the connection back."""
        self._link.close()

    def _follow(self, display: FullscreenX11Display) -> None:
        """Follow one connection until it ends."""
        try:
            while True:
                program = display.full_screen_program()
                found = (
                    Attention(AttentionKind.FULLSCREEN, program) if program is not None else None
                )
                self._note((found,) if found else ())
                self._link.answered()
                display.wait_for_change()
        finally:
            self._note(())

    def _note(self, attention: tuple[Attention, ...]) -> None:
        if attention != self._attention:
            self._attention = attention
            if self._on_change is not None and not self._link.is_closing:
                self._on_change()
