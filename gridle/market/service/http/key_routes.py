"""Routes for the keys of sealed tasks: requestors leave them, nodes fetch them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import get, post
from litestar.params import Parameter

from gridle.market.protocol import routes
from gridle.market.protocol.job_messages import LeaseKeyBatch, LeaseKeyReply, WrappedKeys
from gridle.market.service import bells
from gridle.market.service.http.given import Asked, TheGate, TheMarket, WaitS
from gridle.market.service.http.long_poll import look_until
from gridle.market.service.http.requestor_routes import JobPath
from gridle.market.service.usecases import key_delivery

LeasePath = Annotated[str, Parameter(pattern=r"^lease-[0-9a-f]{24}$")]


@post(routes.job_keys("{job_id:str}"), status_code=200)
async def put_keys(
    request: Asked, job_id: JobPath, data: LeaseKeyBatch, market: TheMarket, gate: TheGate
) -> LeaseKeyReply:
    """Keep wrapped keys for nodes to fetch."""
    key = await gate.requestor(request)
    return await asyncio.to_thread(key_delivery.put, market, key, job_id, data)


@get(routes.lease_key("{lease_id:str}"))
async def get_key(
    request: Asked, lease_id: LeasePath, market: TheMarket, gate: TheGate, wait_s: WaitS = 0.0
) -> WrappedKeys:
    """Long-poll for the keys of one lease."""
    node = await gate.node(request)
    return await look_until(
        request,
        market.bells,
        bells.of_lease_key(lease_id),
        wait_s,
        lambda: key_delivery.get(market, node.node, lease_id),
        lambda found: found.key is not None,
    )


HANDLERS = (put_keys, get_key)
