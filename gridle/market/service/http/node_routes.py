"""Routes for workers: enrolment, leases, reports, settlements."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import Parameter

from gridle.market.protocol import routes
from gridle.market.protocol.messages import (
    PROTOCOL_VERSION,
    LeaseBatch,
    LeaseRenewals,
    LeaseRequest,
    MarketInfo,
    NodeEnrolment,
    NodeRecord,
    RenewalReply,
    ReportBatch,
    ReportReply,
    SettlementPage,
)
from gridle.market.service import bells
from gridle.market.service.http.auth import Gate
from gridle.market.service.http.long_poll import look_until
from gridle.market.service.usecases import enrolment, leasing, reporting, settling
from gridle.market.service.usecases.market import Market

Asked = Request[Any, Any, State]
WaitS = Annotated[float, Parameter(query="wait_s", ge=0, le=60)]
After = Annotated[int, Parameter(query="after", ge=0, le=2**63 - 1)]


@get(routes.MARKET)
async def market_info(market: Market) -> MarketInfo:
    """Who this market is. The only message that needs no signature."""
    return MarketInfo(
        name=market.settings.name,
        protocol_version=PROTOCOL_VERSION,
        chain=market.chain,
        delegate=market.delegate.address,
        lease_s=market.settings.lease_s,
        server_time=market.now(),
    )


@post(routes.NODES, status_code=200)
async def enrol_node(request: Asked, data: NodeEnrolment, market: Market, gate: Gate) -> NodeRecord:
    """Enrol a node, or change where it is paid."""
    key = await gate.sender(request)
    return await asyncio.to_thread(enrolment.enrol_node, market, key, data)


@post(routes.LEASES, status_code=200)
async def lease(request: Asked, data: LeaseRequest, market: Market, gate: Gate) -> LeaseBatch:
    """Long-poll for tasks."""
    node = await gate.node(request)
    return await look_until(
        market.bells,
        bells.WORK,
        data.wait_s,
        lambda: leasing.lease(market, node, data),
        lambda batch: bool(batch.leases),
    )


@post(routes.LEASES_RENEW, status_code=200)
async def renew(request: Asked, data: LeaseRenewals, market: Market, gate: Gate) -> RenewalReply:
    """Lengthen leases."""
    node = await gate.node(request)
    return await asyncio.to_thread(leasing.renew, market, node.node, data)


@post(routes.REPORTS, status_code=200)
async def report(request: Asked, data: ReportBatch, market: Market, gate: Gate) -> ReportReply:
    """Take reports."""
    node = await gate.node(request)
    return await asyncio.to_thread(reporting.report, market, node.node, data)


@get(routes.SETTLEMENTS)
async def settlements(
    request: Asked, market: Market, gate: Gate, after: After = 0, wait_s: WaitS = 0.0
) -> SettlementPage:
    """Long-poll for verdicts and redemptions."""
    node = await gate.node(request)
    return await look_until(
        market.bells,
        bells.of_node(node.node),
        wait_s,
        lambda: settling.page(market, node.node, after),
        lambda page: bool(page.settlements),
    )


HANDLERS = (market_info, enrol_node, lease, renew, report, settlements)
