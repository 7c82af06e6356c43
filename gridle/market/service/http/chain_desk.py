"""Where requests that wait for the chain wait, apart from those that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from gridle.market.protocol.errors import UnavailableError

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4
MAX_WAITING = 64


class ChainDesk:
    """Runs work that waits for blocks in a few threads of its own.

    In the common threads a handful of slow or hostile deposits would hold up every lease.
    """

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="chain-desk")
        self._limit = limit
        self._waiting = 0

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns, run in one of the threads.

        Raises:
            UnavailableError: too many wait already.
        """
        if self._waiting >= self._limit:
            raise UnavailableError(
                "This market waits for the chain and takes no more such requests now; try again "
                "in a minute.",
                "本市场正在等待链，目前不再接受此类请求；请一分钟后重试。",
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1
