from __future__ import annotations

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.messages import Redemption
from gridle.market.service.relay import Relay
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases.settling import owed
from tests.fakes.market_chain import FakeRelayer
from tests.rigs.market_inside import Inside, payout


def _earn(inside: Inside, node: Node, price_units: int = 10) -> None:
    inside.clock += 1
    inside.submit(price_units=price_units)
    lease = inside.lease(node).leases[0]
    inside.judge(lease, inside.deliver(node, lease), accepted=True)


def _redemptions(inside: Inside, node: Node) -> list[Redemption]:
    return [each for each in inside.settlements(node) if isinstance(each, Redemption)]


def test_many_tasks_of_a_pair_are_paid_by_one_redemption(inside: Inside) -> None:
    node = inside.node(0)
    for _ in range(3):
        _earn(inside, node)
    assert Relay(inside.market).redeem() is False
    assert [each.claimed_units for each in _redemptions(inside, node)] == [30]
    assert Relay(inside.market).redeem() is False
    assert len(_redemptions(inside, node)) == 1


def test_a_crash_after_the_transaction_is_made_good_once(inside: Inside) -> None:
    node = inside.node(0)
    _earn(inside, node)
    FakeRelayer(inside.hub).redeem_many(owed(inside.market))
    inside.market.database.close()
    inside.open()
    Relay(inside.market).redeem()
    Relay(inside.market).redeem()
    told = _redemptions(inside, node)
    assert [(each.claimed_units, each.tx_hash) for each in told] == [(10, "")]


def test_a_silent_chain_leaves_everything_for_later(inside: Inside) -> None:
    node = inside.node(0)
    _earn(inside, node)
    inside.hub.down = True
    with pytest.raises(UnavailableError):
        Relay(inside.market).redeem()
    inside.hub.down = False
    Relay(inside.market).redeem()
    assert [each.claimed_units for each in _redemptions(inside, node)] == [10]


def test_what_the_hub_does_not_pay_burns_no_gas_again_at_once(inside: Inside) -> None:
    node = inside.node(0)
    _earn(inside, node)
    inside.hub.balances[inside.wallet.address] = 0
    relay, relayer = Relay(inside.market), inside.market.relayer
    assert isinstance(relayer, FakeRelayer)
    assert relay.redeem() is True
    sent = relayer.blocks
    assert relay.redeem() is True
    assert relayer.blocks == sent


def test_payers_that_emptied_their_deposits_do_not_hold_up_the_others(inside: Inside) -> None:
    for number in range(45):
        _earn(inside, inside.node(number), price_units=100)
    _earn(inside, inside.node(50))
    inside.hub.balances[inside.wallet.address] = 0
    relay = Relay(inside.market)
    relay.redeem()
    tried = {each.voucher.payee for each in owed(inside.market)}
    relayer = inside.market.relayer
    assert isinstance(relayer, FakeRelayer)
    sent = relayer.blocks
    relay.redeem()
    assert relayer.blocks == sent + 1
    assert len(tried) == 40
    left = owed(inside.market, lambda each: each.voucher.payee not in tried)
    assert payout(50) in {each.voucher.payee for each in left}
