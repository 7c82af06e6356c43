"""Leases, manifests and verdicts as a market would make them, signed by real keys."""

from __future__ import annotations

import hashlib

from gridle.market.protocol.eip712 import Domain, address_of, sign_digest
from gridle.market.protocol.ids import Address, LeaseId
from gridle.market.protocol.manifest import Manifest, Resources, WasmRuntime, encode_manifest
from gridle.market.protocol.messages import ChainInfo, Lease, MarketInfo, Verdict
from gridle.market.protocol.money import JobOrder, SignedOrder, SignedVoucher, Voucher
from gridle.market.protocol.sentence import Sentence

PAYER_KEY = bytes([7]) * 32
DELEGATE_KEY = bytes([9]) * 32
PAYER = address_of(PAYER_KEY)
PAYEE: Address = address_of(bytes([11]) * 32)
CHAIN = ChainInfo(
    31337, "http://127.0.0.1:1", "0x" + "11" * 20, "0x" + "22" * 20, "pUSD", 6, is_play_money=True
)
DOMAIN = Domain(CHAIN.chain_id, CHAIN.hub)
INFO = MarketInfo("Test", 1, CHAIN, address_of(DELEGATE_KEY), lease_s=60.0, server_time=0.0)
JUDGED = Sentence("Judged.", "已评判。")


def manifest(*tasks: tuple[str, ...], price_units: int = 5, cores: int = 1) -> Manifest:
    """Return a job of these tasks for the fake sandbox."""
    return Manifest(
        name="test-job",
        title="Test job",
        summary="Counts.",
        runtime=WasmRuntime("0" * 64),
        resources=Resources(reference_s=1.0, cores=cores),
        price_units=price_units,
        deadline_s=600.0,
        tasks=tasks or (("echo", "hello"),),
    )


def lease(job: Manifest, number: int = 1, index: int = 0) -> Lease:
    """Return a lease on a task of a job, its order signed by the payer."""
    digest = hashlib.sha256(encode_manifest(job)).hexdigest()
    order = JobOrder(digest, PAYER, job.budget_units, 2**40)
    return Lease(
        lease_id=lease_id(number),
        task_id=f"job-{digest[:16]}.{index}",
        task_index=index,
        order=SignedOrder(order, sign_digest(PAYER_KEY, order.digest(DOMAIN))),
        price_units=job.price_units,
        expires_at=2.0**40,
        funded_until=2.0**40,
    )


def lease_id(number: int) -> LeaseId:
    """Return the id of lease `number`."""
    return f"lease-{number:024x}"


def voucher(cumulative_units: int, *, key: bytes = DELEGATE_KEY) -> SignedVoucher:
    """Return the pair's voucher, signed."""
    promise = Voucher(PAYER, PAYEE, cumulative_units)
    return SignedVoucher(promise, address_of(key), sign_digest(key, promise.digest(DOMAIN)))


def verdict(number: int, seq: int, cumulative_units: int, price_units: int = 5) -> Verdict:
    """Return an accepting verdict on lease `number`."""
    return Verdict(
        seq,
        lease_id(number),
        "job-" + "0" * 16 + ".0",
        accepted=True,
        explanation=JUDGED,
        price_units=price_units,
        voucher=voucher(cumulative_units),
        decided_at=1000.0 + seq,
    )
