"""What a worker checks of a market that it does not trust. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gridle.market.protocol.eip712 import Domain
from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.manifest import Manifest, checkpoint_blob_max_bytes
from gridle.market.protocol.messages import ChainInfo, Lease, MarketInfo, Verdict

Pair = tuple[Address, Address]


def domain_of(chain: ChainInfo) -> Domain:
    """Return what vouchers and orders of this market are bound to."""
    return Domain(chain.chain_id, chain.hub)


def check_lease(untrusted_lease: Lease, manifest: Manifest, domain: Domain) -> None:
    """Check that a lease's task is one its payer ordered, at the price that the manifest names.

    The manifest's digest was checked when it was fetched by it.

    Raises:
        RefusedError: it is not; nothing of it may run.
    """
    order = untrusted_lease.order
    if not _signed(lambda: order.is_signed_by_payer(domain)):
        raise _refused("its order is not signed by its payer", "其订单并非由付款方签名")
    if order.order.budget_units != manifest.budget_units:
        raise _refused("its budget is not the one that was ordered", "其预算与订单不符")
    if untrusted_lease.price_units != manifest.price_units:
        raise _refused("its price is not the manifest's", "其价格与清单不符")
    if not 0 <= untrusted_lease.task_index < len(manifest.tasks):
        raise _refused("the manifest has no such task", "清单中没有该任务")
    if not untrusted_lease.task_id.endswith(f".{untrusted_lease.task_index}"):
        raise _refused("its name is not its number's", "其名称与编号不符")
    _check_checkpoint(untrusted_lease, manifest)


def _check_checkpoint(untrusted_lease: Lease, manifest: Manifest) -> None:
    checkpoint, rule = untrusted_lease.checkpoint, manifest.checkpoint
    if checkpoint is None:
        return
    if rule is None:
        raise _refused(
            "it is to go on from a state, and its job saves none",
            "它要从某个状态继续，而其作业不保存状态",
        )
    if checkpoint.size_bytes > checkpoint_blob_max_bytes(rule.max_bytes):
        raise _refused("its saved state is larger than its job allows", "其状态超过作业允许的大小")


@dataclass(frozen=True)
class Claims:
    """How far each pair's vouchers had come, as this session has seen them."""

    cumulative: Mapping[Pair, int]

    def check(
        self, untrusted: Verdict, info: MarketInfo, payout: Address, domain: Domain
    ) -> Claims:
        """Check a verdict's voucher and return the claims after it.

        Raises:
            RefusedError: an accepted result without a voucher that is good for its price.
        """
        if untrusted.voucher is None:
            if untrusted.accepted:
                raise _unpaid("there is no voucher", "没有凭证")
            return self
        signed, voucher = untrusted.voucher, untrusted.voucher.voucher
        if signed.signer not in (info.delegate, voucher.payer):
            raise _unpaid("its signer may not speak for the payer", "签名者无权代表付款方")
        if not _signed(lambda: signed.is_signed_by_signer(domain)):
            raise _unpaid("its signature is not its signer's", "签名并非出自签名者")
        if voucher.payee.lower() != payout.lower():
            raise _unpaid("it pays another address", "付给了其他地址")
        pair = (voucher.payer, voucher.payee)
        floor = self.cumulative.get(pair, 0) + (untrusted.price_units if untrusted.accepted else 0)
        if voucher.cumulative_units < floor:
            raise _unpaid("it promises less than was earned", "承诺金额少于已赚取的金额")
        return Claims({**self.cumulative, pair: voucher.cumulative_units})


def _signed(is_signed: Callable[[], bool]) -> bool:
    try:
        return is_signed()
    except InvalidInputError:
        return False


def _refused(en: str, zh: str) -> RefusedError:
    return RefusedError(
        f"The market offered a task that this machine does not run: {en}.",
        f"市场提供了一个本机不会运行的任务：{zh}。",
    )


def _unpaid(en: str, zh: str) -> RefusedError:
    return RefusedError(
        f"The market's voucher is not good ({en}); its pay does not count. Tell its operator.",
        f"市场的凭证无效（{zh}）；此报酬不予计入。请告知其运营者。",
    )
