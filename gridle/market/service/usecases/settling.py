"""Nodes read what became of their work and of their pay; the chain's news are written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from gridle.market.protocol.ids import Address, PublicKey, Units
from gridle.market.protocol.messages import Redemption, SettlementPage
from gridle.market.protocol.money import SignedVoucher
from gridle.market.service import bells
from gridle.market.service.domain import award
from gridle.market.service.store import money
from gridle.market.service.usecases.market import Market

_PAGE = 500
_BATCH = 40
"""A redemption costs up to 74k gas, so this many stay well under a block's limit."""


def page(market: Market, node: PublicKey, after: int) -> SettlementPage:
    """Return a node's events after a sequence number."""
    with market.database.read() as connection:
        found = tuple(money.settlements_after(connection, node, after, _PAGE))
    return SettlementPage(found, found[-1].seq if found else after)


def owed(
    market: Market, is_due: Callable[[SignedVoucher], bool] = lambda _: True
) -> Sequence[SignedVoucher]:
    """Return the newest vouchers of the pairs that are owed most, of those that are due.

    What is not due takes no place in the batch: pairs whose payer has emptied its deposit must
    not keep everybody else from being paid.
    """
    with market.database.read() as connection:
        vouchers = (
            SignedVoucher(pair.voucher(), market.delegate.address, signature)
            for pair, signature in money.outstanding(connection)
        )
        return list(islice(filter(is_due, vouchers), _BATCH))


def record_claim(
    market: Market,
    payer: Address,
    payee: Address,
    claimed_units: Units,
    *,
    tx_hash: str,
    block_number: int,
) -> bool:
    """Write down what the chain says was paid of a pair; tells whether that was news.

    `tx_hash` is empty where the transaction is not known: somebody else redeemed, or this
    market ended between the transaction and this record.
    """
    with market.database.write() as connection:
        pair = money.find_pair(connection, payer, payee)
        paid = None if pair is None else award.claimed(pair, claimed_units)
        if paid is None:
            return False
        money.save_pair(connection, paid)
        nodes = money.nodes_of_pair(connection, payer, payee)
        event = Redemption(
            seq=0,
            payer=payer,
            payee=payee,
            claimed_units=claimed_units,
            tx_hash=tx_hash,
            block_number=block_number,
            redeemed_at=market.now(),
        )
        for node in nodes:
            money.append(connection, node, event)
    market.bells.ring(*map(bells.of_node, nodes))
    return True
