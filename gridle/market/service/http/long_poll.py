"""Long-polls: look, and look again only when a bell rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from gridle.market.service.bells import Bells

T = TypeVar("T")

MAX_WAIT_S = 60.0


async def look_until(
    bells: Bells, bell: str, wait_s: float, look: Callable[[], T], is_enough: Callable[[T], bool]
) -> T:
    """Return what `look` (run in a thread) found: once it is enough, or when time is over."""
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    ends_at = loop.time() + min(max(wait_s, 0.0), MAX_WAIT_S)

    def wake() -> None:
        loop.call_soon_threadsafe(rung.set)

    with bells.listening(bell, wake):
        while True:
            rung.clear()
            found = await asyncio.to_thread(look)
            if is_enough(found) or bells.closed:
                return found
            try:
                await asyncio.wait_for(rung.wait(), ends_at - loop.time())
            except TimeoutError:
                return found
