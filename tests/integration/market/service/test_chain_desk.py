from __future__ import annotations

import asyncio
import threading

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.service.http.chain_desk import ChainDesk


async def _crowd(desk: ChainDesk, block_mined: threading.Event) -> list[object]:
    waiting = [asyncio.ensure_future(desk.do(block_mined.wait, 20)) for _ in range(6)]
    await asyncio.sleep(0)
    # The common threads are free, although the chain's are all taken.
    assert await asyncio.to_thread(lambda: 42) == 42
    with pytest.raises(UnavailableError):
        await desk.do(block_mined.wait, 20)
    block_mined.set()
    return list(await asyncio.gather(*waiting))


def test_those_who_wait_for_the_chain_hold_up_nobody_else() -> None:
    assert asyncio.run(_crowd(ChainDesk(limit=6), threading.Event())) == [True] * 6
