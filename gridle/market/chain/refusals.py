"""What the hub's reasons for refusing a transaction mean to a person."""

from __future__ import annotations

from gridle.market.protocol.errors import RefusedError

_SECOND_DELEGATE = "another delegate still signs"
"""As PaymentHub.vy says it: one delegate at a time, so that its cover is firm."""


def refused(untrusted_reason: str) -> RefusedError:
    """Return the error for a transaction that the hub refuses, from the chain's own words."""
    if _SECOND_DELEGATE in untrusted_reason:
        return RefusedError(
            "Another market or machine still signs payments from this wallet's deposit, and only "
            "one may at a time; wait until its appointment has ended or been revoked, or use "
            "another wallet.",
            "仍有其他市场或机器有权代此钱包的押金签署付款，而同一时间只能有一个；"
            "请等待其授权到期或被撤销，或换用其他钱包。",
        )
    return RefusedError(
        f"The hub refuses this transaction ({untrusted_reason}); read the state anew and try "
        "again.",
        f"结算合约拒绝此交易（{untrusted_reason}）；请重新读取状态后再试。",
    )
