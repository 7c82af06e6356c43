"""A payer's signed statements are carried to the chain; the market pays the gas."""

from __future__ import annotations

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    RelayReceipt,
    SignedAppointment,
)
from gridle.market.service import bells
from gridle.market.service.store import parties
from gridle.market.service.usecases.cover import read_cover
from gridle.market.service.usecases.market import Market


def deposit(market: Market, authorization: DepositAuthorization) -> RelayReceipt:
    """Carry an EIP-3009 deposit.

    Raises:
        RefusedError: the hub or the token refuses it.
        UnavailableError: the chain does not answer.
    """
    with market.money_moves:
        receipt = market.relayer.deposit(authorization)
        _refresh(market, authorization.payer)
    return receipt


def appoint(market: Market, appointment: SignedAppointment) -> RelayReceipt:
    """Carry an appointment of this market's delegate.

    Raises:
        RefusedError: it appoints somebody else, or the hub refuses it.
        UnavailableError: the chain does not answer.
    """
    if appointment.appointment.delegate.lower() != market.delegate.address.lower():
        raise RefusedError(
            f"This market relays appointments of its own delegate {market.delegate.address} "
            "alone; appoint that one.",
            f"本市场只转交对其代理 {market.delegate.address} 的授权；请授权该地址。",
        )
    with market.money_moves:
        receipt = market.relayer.appoint(appointment)
        _refresh(market, appointment.appointment.payer)
    return receipt


def _refresh(market: Market, payer: Address) -> None:
    """Let jobs that were held back for this go on at once."""
    with market.database.read() as connection:
        is_known = parties.find_cover(connection, payer) is not None
    if is_known:
        cover = read_cover(market, payer)
        with market.database.write() as connection:
            parties.save_cover(connection, cover)
        market.bells.ring(bells.WORK)
