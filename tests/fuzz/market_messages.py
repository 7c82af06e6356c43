"""What market, workers and requestors say to each other."""

from __future__ import annotations

import msgspec

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.errors import GridleError, InvalidInputError
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Failed,
    Lease,
    LeaseBatch,
    LeaseRequest,
    MarketInfo,
    NodeEnrolment,
    Redemption,
    RenewalReply,
    ReportBatch,
    Returned,
    Revealed,
    SealingKey,
    SettlementPage,
    TaskUsage,
    Verdict,
)
from gridle.worker.sources.checks import Claims, check_lease
from tests.fuzz.bounds import assert_plain, bounded
from tests.rigs.worker_jobs import DOMAIN, INFO, JUDGED, PAYEE, PAYER, lease, manifest, verdict

_JOB = manifest(("echo", "a"), ("echo", "b"))
_USAGE = TaskUsage(1.5, 2.0, 2**20)
_HEX = "ab" * 32
_LEASE_ID = lease(_JOB).lease_id
_KINDS: tuple[type[msgspec.Struct], ...] = (
    LeaseBatch, ReportBatch, SettlementPage, MarketInfo, LeaseRequest, NodeEnrolment, RenewalReply,
    Lease,
)  # fmt: skip
_EXAMPLES = (
    LeaseBatch((lease(_JOB), msgspec.structs.replace(lease(_JOB, 2, 1),
               checkpoint=CheckpointRef(_HEX, 5, 2.0))), JUDGED),
    ReportBatch((
        Committed(_LEASE_ID, _HEX), Revealed(_LEASE_ID, _HEX, _HEX, _USAGE),
        Failed(_LEASE_ID, "broken", _USAGE), Returned(_LEASE_ID, CheckpointRef(_HEX, 5)),
    )),
    SettlementPage((verdict(1, 1, 5), Redemption(2, PAYER, PAYEE, 5, "0x" + _HEX, 7, 1.0)), 2),
    INFO,
    LeaseRequest(("wasm", "container"), 2, 4, 2**30, gvisor=True, gpus=1),
    NodeEnrolment(PAYEE, 5, "0x" + "00" * 65, SealingKey(_HEX, _HEX * 2)),
    RenewalReply({_LEASE_ID: 5.0}, (_LEASE_ID,)),
    lease(_JOB),
)  # fmt: skip
SEEDS = tuple(bytes([kind]) + encode(each) for kind, each in enumerate(_EXAMPLES))
TOKENS = (
    b"1e308", b"-1", b"9223372036854775808", b"18446744073709551616", b"9" * 200, b"1e-400",
    b"-0.0", b"\\ud800", b"\\u0000", b"\\u202e", b"[[[[[[[[", b'{"a":', b"null", b"true",
    b'"",', b"\xff",
    b'"type":"verdict",', b'"type":"committed",', b"0x", b"job-", b"lease-", b"\\n",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """A message comes out that can be sent on and stored, or a sentence; checks never crash."""
    kind, body = _KINDS[data[0] % len(_KINDS) if data else 0], data[1:]
    with bounded(data):
        try:
            message = decode(body, kind, what="message")
        except InvalidInputError as error:
            assert_plain(str(error))
            return
    assert decode(encode(message), kind, what="message") == message
    _check_numbers(msgspec.to_builtins(message))
    leases = message.leases if isinstance(message, LeaseBatch) else ()
    for each in (message, *leases):
        if isinstance(each, Lease):
            _take(each)
    if isinstance(message, SettlementPage):
        _settle(message)


def _check_numbers(plain: object) -> None:
    """SQLite and JSON's other readers hold signed 64 bits."""
    if isinstance(plain, dict):
        for each in plain.values():
            _check_numbers(each)
    elif isinstance(plain, list | tuple):
        for each in plain:
            _check_numbers(each)
    elif isinstance(plain, int):
        assert -(2**63) <= plain < 2**63, "a number that no database holds"


def _take(untrusted: Lease) -> None:
    try:
        check_lease(untrusted, _JOB, DOMAIN)
    except GridleError:
        return
    assert untrusted.order.order.payer == PAYER
    assert untrusted.task_index in (0, 1)


def _settle(page: SettlementPage) -> None:
    claims = Claims({})
    for each in page.settlements:
        if isinstance(each, Verdict):
            try:
                claims = claims.check(each, INFO, PAYEE, DOMAIN)
            except GridleError:
                return
    assert all(units >= 0 for units in claims.cumulative.values())
