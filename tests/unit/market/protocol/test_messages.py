"""Numbers that a hostile market or requestor could choose, so that others stumble over them."""

from __future__ import annotations

import json

import msgspec
import pytest

from gridle.market.protocol.codec import decode
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.messages import (
    LeaseBatch,
    LeaseRequest,
    MarketInfo,
    NodeEnrolment,
    SettlementPage,
    TaskUsage,
)
from tests.rigs.worker_jobs import INFO, PAYEE, lease, manifest, verdict


@pytest.mark.parametrize("valid_until", [-1, 2**64, 10**80])
def test_an_order_of_an_impossible_time_is_refused(valid_until: int) -> None:
    plain = msgspec.to_builtins(LeaseBatch((lease(manifest()),)))
    plain["leases"][0]["order"]["order"]["valid_until"] = valid_until
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain).encode(), LeaseBatch, what="lease batch")


@pytest.mark.parametrize(
    ("field", "value"),
    [("chain_id", -1), ("chain_id", 2**256), ("token_decimals", 10**9), ("token_decimals", -1)],
)
def test_a_chain_of_impossible_numbers_is_refused(field: str, value: int) -> None:
    plain = msgspec.to_builtins(INFO)
    plain["chain"][field] = value
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain).encode(), MarketInfo, what="market description")


@pytest.mark.parametrize("lease_s", [0, -5, 1e300])
def test_leases_that_never_or_always_end_are_refused(lease_s: float) -> None:
    plain = msgspec.to_builtins(INFO) | {"lease_s": lease_s}
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain).encode(), MarketInfo, what="market description")


@pytest.mark.parametrize("place", [-1, 2**63, 10**40])
def test_a_settlement_out_of_every_row_is_refused(place: int) -> None:
    plain = msgspec.to_builtins(SettlementPage((verdict(1, 1, 5),), 1))
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain | {"next_after": place}).encode(), SettlementPage, what="page")
    plain["settlements"][0]["seq"] = place
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain).encode(), SettlementPage, what="page")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (NodeEnrolment(PAYEE), "issued_at"),
        (LeaseRequest(("wasm",), 1, 1, 2**30), "memory_bytes"),
        (LeaseRequest(("wasm",), 1, 1, 2**30), "gpu_memory_bytes"),
        (TaskUsage(1.0, 1.0, 5), "peak_memory_bytes"),
        (INFO, "protocol_version"),
        (lease(manifest()), "task_index"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__name__,
)
@pytest.mark.parametrize("number", [-1, 2**63, 10**310])
def test_a_number_that_no_clock_or_database_holds_is_refused(
    message: msgspec.Struct, field: str, number: int
) -> None:
    plain = msgspec.to_builtins(message) | {field: number}
    with pytest.raises(InvalidInputError):
        decode(json.dumps(plain).encode(), type(message), what="message")


def test_an_address_with_a_line_feed_is_no_second_address() -> None:
    body = json.dumps({"payout_address": "0x" + "ab" * 20 + "\n"}).encode()
    with pytest.raises(InvalidInputError):
        decode(body, NodeEnrolment, what="enrolment")
