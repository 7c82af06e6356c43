"""Whatever anybody does in whatever order: no token appears, vanishes or is paid twice, and no
payer takes a deposit from under its delegate without leaving."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.money import Voucher
from tests.rigs.evm import EXIT_DELAY_S, START, Evm, RevertedError

PEOPLE = 3
people = st.integers(0, PEOPLE - 1)
amounts = st.integers(1, 2000)
SUPPLY_EACH = 5000
EXPIRIES = (START + EXIT_DELAY_S + 86_400, START + 10 * 365 * 86_400)


class HubLife(RuleBasedStateMachine):
    """Three people, each at once payer, payee and delegate, beside a plain model of claims."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.evm = Evm(Path(self._folder.name))
        self.people = self.evm.actors[:PEOPLE]
        for person in self.people:
            self.evm.token.send(self.evm.deployer, "mint", person.address, SUPPLY_EACH)
            self.evm.token.send(person, "approve", self.evm.hub.address, 2**256 - 1)
        self.claimed = {(a, b): 0 for a in range(PEOPLE) for b in range(PEOPLE)}
        self.promised = dict(self.claimed)
        self.most_cap = dict(self.claimed)

    def teardown(self) -> None:
        self.evm.store.close()
        self._folder.cleanup()

    def attempt(self, who: int, name: str, *arguments: object) -> bool:
        is_bound, free_units = self._is_bound(who), self._free(who)
        try:
            self.evm.hub.send(self.people[who], name, *arguments)
        except RevertedError:
            return False
        assert not is_bound or self._free(who) >= free_units
        return True

    @rule(payer=people, amount=amounts)
    def deposit(self, payer: int, amount: int) -> None:
        self.attempt(payer, "deposit", amount)

    @rule(payer=people, payee=people, amount=amounts)
    def lock(self, payer: int, payee: int, amount: int) -> None:
        self.attempt(payer, "lock", self.people[payee].address, amount)

    @rule(
        payer=people,
        delegate=people,
        cap=st.integers(0, 3000),
        expiry=st.sampled_from(EXPIRIES),
    )
    def appoint(self, payer: int, delegate: int, cap: int, expiry: int) -> None:
        if self.attempt(payer, "appoint", self.people[delegate].address, cap, expiry):
            self.most_cap[payer, delegate] = max(self.most_cap[payer, delegate], cap)

    @rule(payer=people, payee=people, signer=people, cumulative=st.integers(1, 6000))
    def redeem(self, payer: int, payee: int, signer: int, cumulative: int) -> None:
        entry = self._entry(payer, payee, signer, cumulative)
        is_bound, free_units = self._live(payer) != [], self._free(payer)
        self.evm.hub.send(self.evm.actors[7], "redeem_many", [entry, entry])
        assert signer != payer or not is_bound or self._free(payer) == free_units
        self.promised[payer, payee] = max(self.promised[payer, payee], cumulative)

    @rule(payer=people)
    def request_exit(self, payer: int) -> None:
        self.attempt(payer, "request_exit")

    @rule(payer=people, payee=people)
    def leave(self, payer: int, payee: int) -> None:
        due = self.evm.hub.ask("exit_at", self.people[payer].address)
        before = self._wallet(payer)
        self.attempt(payer, "unlock", self.people[payee].address)
        left = self.attempt(payer, "withdraw")
        assert not left or 0 < due <= self.evm.now
        assert left or self._wallet(payer) == before

    @rule(seconds=st.sampled_from([1, 86_400, EXIT_DELAY_S]))
    def wait(self, seconds: int) -> None:
        self.evm.now += seconds

    @precondition(lambda self: any(self._is_leaving(one) for one in range(PEOPLE)))
    @rule(payee=people, cumulative=st.integers(1, 6000))
    def a_voucher_in_the_window_beats_the_exit(self, payee: int, cumulative: int) -> None:
        payer = next(one for one in range(PEOPLE) if self._is_leaving(one))
        pair = (self.people[payer].address, self.people[payee].address)
        free = 0 if self._live(payer) else self._free(payer)
        cover = free + self.evm.hub.ask("locked", *pair)
        owed = cumulative - self.evm.hub.ask("claimed", *pair)
        before = self._wallet(payee)
        self.redeem(payer, payee, payer, cumulative)
        assert self._wallet(payee) - before == max(0, min(owed, cover))

    @invariant()
    def tokens_are_conserved(self) -> None:
        held = self.evm.token.ask("balanceOf", self.evm.hub.address)
        books = sum(self.evm.hub.ask("balance_of", one.address) for one in self.people)
        books += sum(self._pair("locked", a, b) for a, b in self.claimed)
        assert held == books
        assert held + sum(map(self._wallet, range(PEOPLE))) == PEOPLE * SUPPLY_EACH

    @invariant()
    def claims_only_grow_and_never_beyond_what_was_promised(self) -> None:
        for pair, before in self.claimed.items():
            now = self._pair("claimed", *pair)
            assert before <= now <= self.promised[pair]
            self.claimed[pair] = now

    @invariant()
    def delegates_stay_within_their_caps(self) -> None:
        for (payer, delegate), most in self.most_cap.items():
            who = (self.people[payer].address, self.people[delegate].address)
            assert self.evm.hub.ask("delegation", *who)[1] <= most

    @invariant()
    def at_most_one_delegate_signs_for_a_payer(self) -> None:
        assert all(len(self._live(payer)) <= 1 for payer in range(PEOPLE))

    def _live(self, payer: int) -> list[int]:
        found = []
        for delegate in range(PEOPLE):
            who = (self.people[payer].address, self.people[delegate].address)
            cap, spent, expiry = self.evm.hub.ask("delegation", *who)
            if spent < cap and self.evm.now <= expiry:
                found.append(delegate)
        return found

    def _is_bound(self, payer: int) -> bool:
        due = self.evm.hub.ask("exit_at", self.people[payer].address)
        return self._live(payer) != [] and not 0 < due <= self.evm.now

    def _free(self, payer: int) -> int:
        return int(self.evm.hub.ask("balance_of", self.people[payer].address))

    def _pair(self, view: str, payer: int, payee: int) -> int:
        pair = (self.people[payer].address, self.people[payee].address)
        return int(self.evm.hub.ask(view, *pair))

    def _wallet(self, who: int) -> int:
        return int(self.evm.token.ask("balanceOf", self.people[who].address))

    def _is_leaving(self, payer: int) -> bool:
        return bool(self.evm.hub.ask("exit_at", self.people[payer].address))

    def _entry(self, payer: int, payee: int, signer: int, cumulative: int) -> tuple[object, ...]:
        promise = Voucher(self.people[payer].address, self.people[payee].address, cumulative)
        signed = Wallet(self.people[signer].key).sign_voucher(promise, self.evm.domain)
        raw = bytes.fromhex(signed.signature[2:])
        return (promise.payer, promise.payee, cumulative, raw[64], raw[:32], raw[32:64])


TestHubLife = HubLife.TestCase
TestHubLife.settings = settings(
    max_examples=6,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
