from __future__ import annotations

import msgspec
import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.messages import CheckpointRef, Verdict
from gridle.market.protocol.money import SignedOrder, SignedVoucher, Voucher
from gridle.worker.sources.checks import Claims, check_lease
from tests.rigs.worker_jobs import (
    DOMAIN,
    INFO,
    PAYEE,
    PAYER,
    PAYER_KEY,
    lease,
    manifest,
    verdict,
    voucher,
)

replace = msgspec.structs.replace


def check(judged: Verdict, claims: Claims | None = None) -> Claims:
    return (claims or Claims({})).check(judged, INFO, PAYEE, DOMAIN)


def test_a_good_lease_passes() -> None:
    job = manifest(("echo", "a"), ("echo", "b"))
    check_lease(lease(job, index=1), job, DOMAIN)


def test_an_order_that_another_signed_is_refused() -> None:
    job, other = manifest(), manifest(price_units=6)
    forged = SignedOrder(lease(job).order.order, lease(other).order.signature)
    with pytest.raises(RefusedError, match="not signed by its payer"):
        check_lease(replace(lease(job), order=forged), job, DOMAIN)


def test_an_unreadable_signature_is_refused() -> None:
    job = manifest()
    broken = SignedOrder(lease(job).order.order, "0x" + "00" * 65)
    with pytest.raises(RefusedError, match="not signed by its payer"):
        check_lease(replace(lease(job), order=broken), job, DOMAIN)


def test_a_price_below_the_manifest_is_refused() -> None:
    job = manifest()
    with pytest.raises(RefusedError, match="price"):
        check_lease(replace(lease(job), price_units=4), job, DOMAIN)


def test_a_task_that_the_manifest_lacks_is_refused() -> None:
    job = manifest()
    with pytest.raises(RefusedError, match="no such task"):
        check_lease(replace(lease(job), task_index=1), job, DOMAIN)


def test_a_budget_that_was_not_ordered_is_refused() -> None:
    job = manifest()
    with pytest.raises(RefusedError, match="budget"):
        check_lease(lease(job), manifest(("echo", "a"), ("echo", "b")), DOMAIN)


@pytest.mark.parametrize(("size_bytes", "is_allowed"), [(1000, True), (2**20, False)])
def test_a_lease_goes_on_from_what_its_job_may_save(size_bytes: int, is_allowed: bool) -> None:  # noqa: FBT001 - an example
    job = replace(manifest(), checkpoint=CheckpointRule(format_version=1, max_bytes=1000))
    given = replace(lease(job), checkpoint=CheckpointRef("0" * 64, size_bytes))
    if is_allowed:
        check_lease(given, job, DOMAIN)
    else:
        with pytest.raises(RefusedError, match="saved state"):
            check_lease(given, job, DOMAIN)


def test_a_state_of_a_job_that_saves_none_is_refused() -> None:
    job = manifest()
    with pytest.raises(RefusedError, match="saves none"):
        check_lease(replace(lease(job), checkpoint=CheckpointRef("0" * 64, 1)), job, DOMAIN)


def test_vouchers_rise_by_the_price() -> None:
    claims = check(verdict(2, 2, 10), check(verdict(1, 1, 5)))
    assert claims.cumulative == {(PAYER, PAYEE): 10}


def test_the_payer_may_sign_itself() -> None:
    judged = replace(verdict(1, 1, 5), voucher=voucher(5, key=PAYER_KEY))
    assert check(judged).cumulative == {(PAYER, PAYEE): 5}


@pytest.mark.parametrize("cumulative_units", [0, 4, 5, 9])
def test_a_voucher_that_does_not_cover_the_price_is_refused(cumulative_units: int) -> None:
    with pytest.raises(RefusedError, match="promises less"):
        check(verdict(2, 2, cumulative_units), check(verdict(1, 1, 5)))


def test_a_stranger_may_not_sign() -> None:
    judged = replace(verdict(1, 1, 5), voucher=voucher(5, key=bytes([3]) * 32))
    with pytest.raises(RefusedError, match="may not speak"):
        check(judged)


def test_a_forged_signature_is_refused() -> None:
    good = voucher(5)
    forged = SignedVoucher(Voucher(PAYER, PAYEE, 500), good.signer, good.signature)
    with pytest.raises(RefusedError, match="signature"):
        check(replace(verdict(1, 1, 5), voucher=forged))


def test_a_voucher_for_somebody_else_is_refused() -> None:
    judged = verdict(1, 1, 5)
    with pytest.raises(RefusedError, match="another address"):
        Claims({}).check(judged, INFO, PAYER, DOMAIN)


def test_acceptance_without_a_voucher_is_refused_and_rejection_needs_none() -> None:
    judged = replace(verdict(1, 1, 5), voucher=None)
    with pytest.raises(RefusedError, match="no voucher"):
        check(judged)
    assert check(replace(judged, accepted=False)).cumulative == {}
