"""What the chain says of payers: read before anything is offered, and again from time to time."""

from __future__ import annotations

from sqlalchemy import Connection

from gridle.market.protocol.eip712 import checksum_address
from gridle.market.protocol.ids import MAX_UNITS, Address, Units
from gridle.market.protocol.job_messages import PayerAccount
from gridle.market.service import bells
from gridle.market.service.domain import escrow
from gridle.market.service.domain.award import Pair
from gridle.market.service.domain.escrow import Bound, Cover
from gridle.market.service.store import jobs, money, parties
from gridle.market.service.usecases.market import Market


def read_cover(market: Market, payer: Address) -> Cover:
    """Ask the chain about a payer.

    Raises:
        UnavailableError: the chain does not answer.
    """
    delegation = market.hub.delegation(payer, market.delegate.address)
    return Cover(
        payer=payer,
        balance_units=_storable(market.hub.balance_units(payer)),
        cap_units=_storable(delegation.cap_units),
        spent_units=_storable(delegation.spent_units),
        expiry=delegation.expiry,
        exit_at=market.hub.exit_at(payer),
        exit_delay_s=float(market.hub.exit_delay_s()),
        read_at=market.now(),
    )


def _storable(untrusted_units: int) -> Units:
    """Return an amount that the database can hold: the hub's have 96 bits, and a cap costs nothing.

    All of them together are compared with what is promised here, which is less than the limit.
    """
    return min(untrusted_units, MAX_UNITS)


def bound(connection: Connection, payer: Address) -> Bound:
    """Return what a payer's deposit is bound to."""
    return Bound(
        unredeemed_units=money.unredeemed_units(connection, payer),
        reserved_units=jobs.reserved_units(connection, payer),
    )


def account(market: Market, untrusted_payer: Address) -> PayerAccount:
    """Return a payer's account as the chain and this market see it now."""
    with market.money_moves:
        cover = read_cover(market, checksum_address(untrusted_payer))
        with market.database.read() as connection:
            return escrow.account(cover, bound(connection, cover.payer))


def refresh_covers(market: Market) -> None:
    """Read anew the covers of all payers with open jobs.

    Raises:
        UnavailableError: the chain does not answer.
    """
    with market.database.read() as connection:
        payers = jobs.open_payers(connection)
    for payer in payers:
        # Between a redemption and its record, the same money would count as gone and as owed.
        with market.money_moves:
            cover = read_cover(market, payer)
            with market.database.write() as connection:
                parties.save_cover(connection, cover)
    if payers:
        market.bells.ring(bells.WORK)


def is_funded(market: Market, connection: Connection, payer: Address) -> bool:
    """Tell whether tasks of a payer may be given out now."""
    cover = parties.find_cover(connection, payer)
    if cover is None:
        return False
    margin_s = min(market.settings.lease_s, cover.exit_delay_s / 2)
    return escrow.stays_funded(cover, bound(connection, payer), market.now(), margin_s)


def open_pair(market: Market, payer: Address, payee: Address) -> None:
    """Begin a pair where the hub stands: an older market may have paid some of it before.

    Raises:
        UnavailableError: the chain does not answer.
    """
    with market.database.read() as connection:
        if money.find_pair(connection, payer, payee) is not None:
            return
    claimed = market.hub.claimed_units(payer, payee)
    with market.database.write() as connection:
        if money.find_pair(connection, payer, payee) is None:
            money.save_pair(connection, Pair(payer, payee, claimed, claimed))
