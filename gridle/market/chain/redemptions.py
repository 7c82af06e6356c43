"""The hub's payments to one payee, from its events."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct
from web3.exceptions import Web3Exception

from gridle.market.chain.hub import Hub
from gridle.market.protocol.eip712 import checksum_address
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Address


class Payment(Struct, frozen=True):
    """One voucher that the hub paid."""

    tx_hash: str
    block_number: int
    payer: Address
    paid_units: int


def payments_to(
    hub: Hub, payee: Address, *, first_block: int, last_block: int
) -> tuple[Payment, ...]:
    """Return the hub's payments to `payee` in these blocks, both included, in order.

    Raises:
        UnavailableError: the chain does not answer.
    """
    if first_block > last_block:
        return ()
    try:
        found = hub.contract.events.Redeemed().get_logs(
            from_block=first_block,
            to_block=last_block,
            argument_filters={"payee": checksum_address(payee)},
        )
    except Web3Exception as error:
        raise UnavailableError(
            "The chain does not tell its past payments; check the chain's address in the settings.",
            "链未返回过往的付款记录；请检查设置中的链地址。",
        ) from error
    return tuple(_payment(cast("dict[str, Any]", event)) for event in found)


def _payment(event: dict[str, Any]) -> Payment:
    return Payment(
        tx_hash="0x" + bytes(event["transactionHash"]).hex(),
        block_number=int(event["blockNumber"]),
        payer=event["args"]["payer"],
        paid_units=int(event["args"]["amount"]),
    )
