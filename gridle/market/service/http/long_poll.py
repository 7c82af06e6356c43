"""Long-polls: look, and look again only when a bell rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from gridle.market.service.bells import Bells
from gridle.market.service.http.given import Asked

T = TypeVar("T")

MAX_WAIT_S = 60.0


async def look_until(
    request: Asked,
    bells: Bells,
    bell: str,
    wait_s: float,
    look: Callable[[], T],
    is_enough: Callable[[T], bool],
) -> T:
    """Return what `look` (run in a thread) found: once it is enough, or when time is over.

    A sender that has gone is looked for no more: a killed worker must not be given tasks.
    """
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    ends_at = loop.time() + min(max(wait_s, 0.0), MAX_WAIT_S)

    def wake() -> None:
        loop.call_soon_threadsafe(rung.set)

    # The body has been read, so the next thing to receive is the end of the connection.
    gone = asyncio.ensure_future(request.receive())
    gone.add_done_callback(lambda _: rung.set())
    try:
        with bells.listening(bell, wake):
            while True:
                rung.clear()
                found = await asyncio.to_thread(look)
                if is_enough(found) or bells.closed or gone.done():
                    return found
                try:
                    await asyncio.wait_for(rung.wait(), ends_at - loop.time())
                except TimeoutError:
                    return found
                if gone.done():
                    return found
    finally:
        gone.cancel()
