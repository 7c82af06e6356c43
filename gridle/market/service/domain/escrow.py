"""Escrow arithmetic: whether a payer's deposit covers a budget before a task is offered."""

from __future__ import annotations

from dataclasses import dataclass

from gridle.market.protocol.ids import Address, Units
from gridle.market.protocol.job_messages import PayerAccount
from gridle.market.protocol.sentence import Sentence


@dataclass(frozen=True)
class Cover:
    """What the chain says of a payer, read at `read_at` (Unix seconds)."""

    payer: Address
    balance_units: Units
    cap_units: Units
    spent_units: Units
    expiry: int
    exit_at: float | None
    exit_delay_s: float
    read_at: float

    @property
    def funded_until(self) -> float:
        """Until when the deposit surely stays: a payer needs a delayed exit to take it."""
        leaves_at = self.read_at + self.exit_delay_s if self.exit_at is None else self.exit_at
        return min(leaves_at, float(self.expiry))


@dataclass(frozen=True)
class Bound:
    """What a payer's deposit is bound to by this market."""

    unredeemed_units: Units
    """Awarded, and not yet paid on chain."""
    reserved_units: Units
    """The price of every task that may still be accepted."""

    @property
    def total_units(self) -> Units:
        """Everything that may still be drawn from the deposit."""
        return self.unredeemed_units + self.reserved_units


def account(cover: Cover, bound: Bound) -> PayerAccount:
    """Return what a payer may see of its own deposit."""
    return PayerAccount(
        payer=cover.payer,
        balance_units=cover.balance_units,
        awarded_unredeemed_units=bound.unredeemed_units,
        reserved_units=bound.reserved_units,
        available_units=max(0, cover.balance_units - bound.total_units),
        delegate_cap_left_units=max(0, cover.cap_units - cover.spent_units - bound.total_units),
        delegate_expiry=cover.expiry,
    )


def shortfall(
    cover: Cover, bound: Bound, budget_units: Units, deadline_at: float
) -> Sentence | None:
    """Return why this deposit does not cover a new budget, or None where it does."""
    free = account(cover, bound)
    if cover.exit_at is not None:
        return Sentence(
            "This wallet has asked to leave the payment hub; call the exit off, or use another.",
            "此钱包已申请退出支付合约；请撤销退出申请，或换用其他钱包。",
        )
    if free.available_units < budget_units:
        missing = budget_units - free.available_units
        return Sentence(
            f"The deposit does not cover this job: {missing} more units are needed; deposit them "
            "and submit again.",
            f"押金不足以支付此任务：还需 {missing} 个单位；请存入后重新提交。",
        )
    if free.delegate_cap_left_units < budget_units:
        missing = budget_units - free.delegate_cap_left_units
        return Sentence(
            "This market's appointment to sign payments does not cover this job: raise its cap "
            f"by {missing} units and submit again.",
            f"对本市场的付款授权额度不足：请将额度提高 {missing} 个单位后重新提交。",
        )
    if cover.expiry < deadline_at:
        return Sentence(
            "This market's appointment to sign payments ends before the job's deadline; appoint "
            "it for longer and submit again.",
            "对本市场的付款授权在任务截止前就会到期；请延长授权后重新提交。",
        )
    return None


def stays_funded(cover: Cover, bound: Bound, now: float, margin_s: float) -> bool:
    """Tell whether tasks of this payer may be given out now.

    The deposit is compared anew with all that it is bound to. The hub keeps a live delegate's
    cover firm, but one that was deployed before it did lets a payer empty it without leaving.
    """
    left_units = min(cover.balance_units, cover.cap_units - cover.spent_units)
    is_covered = left_units >= bound.total_units
    return is_covered and cover.exit_at is None and cover.funded_until >= now + margin_s
