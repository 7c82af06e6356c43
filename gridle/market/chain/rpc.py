"""One connection to a chain over several RPC servers: whichever answers, with time limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import requests
from web3.exceptions import Web3RPCError
from web3.providers.base import JSONBaseProvider
from web3.providers.rpc import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from gridle.market.protocol.errors import InvalidInputError, UnavailableError

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 15.0

_NO_ANSWER = (requests.RequestException, OSError, ValueError, Web3RPCError)
"""How a server fails to answer: not reachable, too slow, or not speaking JSON-RPC."""


class FailoverProvider(JSONBaseProvider):
    """Asks the server that answered last; where it fails, the others in their order.

    A server of another chain than the first one that answered is never used: money statements
    of two chains must not mix.
    """

    def __init__(self, rpc_urls: Sequence[str]) -> None:
        if not rpc_urls:
            raise InvalidInputError(
                "No chain server is set; name at least one RPC address.",
                "未设置链服务器；请至少指定一个 RPC 地址。",
            )
        super().__init__()
        timeouts = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        self._servers = [
            HTTPProvider(
                url, request_kwargs={"timeout": timeouts}, exception_retry_configuration=None
            )
            for url in rpc_urls
        ]
        self._chain_id: str | None = None
        self._checked: set[int] = set()
        self._good = 0

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:  # noqa: ANN401 - web3's own signature
        """Send one request to the first server that answers.

        Raises:
            UnavailableError: none does.
        """
        count = len(self._servers)
        for index in [(self._good + step) % count for step in range(count)]:
            try:
                if not self._is_on_our_chain(index):
                    continue
                response = self._servers[index].make_request(method, params)
            except _NO_ANSWER:
                continue
            self._good = index
            return response
        raise UnavailableError(
            "The chain does not answer now; check the internet connection, or that the "
            "practice chain is running, and try again.",
            "链暂时无响应；请检查网络连接，或确认练习链正在运行，然后重试。",
        )

    def _is_on_our_chain(self, index: int) -> bool:
        if index not in self._checked:
            answer = self._servers[index].make_request(RPCEndpoint("eth_chainId"), [])
            chain_id = cast("str", answer.get("result"))
            self._chain_id = self._chain_id or chain_id
            if not chain_id or chain_id != self._chain_id:
                return False
            self._checked.add(index)
        return True
