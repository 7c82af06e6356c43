"""Routes for workers: enrolment, leases, reports, settlements."""

from __future__ import annotations

import asyncio

from litestar import get, post

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
from gridle.market.service.http.given import After, Asked, TheGate, TheMarket, WaitS
from gridle.market.service.http.long_poll import look_until
from gridle.market.service.usecases import enrolment, leasing, reporting, settling


@get(routes.MARKET)
async def market_info(market: TheMarket) -> MarketInfo:
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
async def enrol_node(
    request: Asked, data: NodeEnrolment, market: TheMarket, gate: TheGate
) -> NodeRecord:
    """Enrol a node, or change where it is paid."""
    key = await gate.sender(request)
    return await asyncio.to_thread(enrolment.enrol_node, market, key, data)


@post(routes.LEASES, status_code=200)
async def lease(request: Asked, data: LeaseRequest, market: TheMarket, gate: TheGate) -> LeaseBatch:
    """Long-poll for tasks."""
    node = await gate.node(request)
    return await look_until(
        request,
        market.bells,
        bells.WORK,
        data.wait_s,
        lambda: leasing.lease(market, node, data),
        lambda batch: bool(batch.leases),
    )


@post(routes.LEASES_RENEW, status_code=200)
async def renew(
    request: Asked, data: LeaseRenewals, market: TheMarket, gate: TheGate
) -> RenewalReply:
    """Lengthen leases."""
    node = await gate.node(request)
    return await asyncio.to_thread(leasing.renew, market, node.node, data)


@post(routes.REPORTS, status_code=200)
async def report(
    request: Asked, data: ReportBatch, market: TheMarket, gate: TheGate
) -> ReportReply:
    """Take reports."""
    node = await gate.node(request)
    return await asyncio.to_thread(reporting.report, market, node.node, data)


@get(routes.SETTLEMENTS)
async def settlements(
    request: Asked, market: TheMarket, gate: TheGate, after: After = 0, wait_s: WaitS = 0.0
) -> SettlementPage:
    """Long-poll for verdicts and redemptions."""
    node = await gate.node(request)
    return await look_until(
        request,
        market.bells,
        bells.of_node(node.node),
        wait_s,
        lambda: settling.page(market, node.node, after),
        lambda page: bool(page.settlements),
    )


HANDLERS = (market_info, enrol_node, lease, renew, report, settlements)
