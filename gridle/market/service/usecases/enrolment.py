"""Nodes and requestors introduce themselves."""

from __future__ import annotations

from dataclasses import replace

from gridle.market.protocol.eip712 import checksum_address, recover_signer
from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.ids import Address, JobId, PublicKey
from gridle.market.protocol.job_messages import RequestorEnrolment
from gridle.market.protocol.messages import NodeEnrolment, NodeRecord
from gridle.market.protocol.money import client_key_digest, payout_change_digest
from gridle.market.protocol.sealing_identity import verify_sealing_key
from gridle.market.service import bells
from gridle.market.service.store import lease_keys, parties
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases.market import Market

_PAYOUT_CHANGE_AGE_S = 86_400


def enrol_node(market: Market, key: PublicKey, enrolment: NodeEnrolment) -> NodeRecord:
    """Enrol a node, or change where it is paid, or to which key sealed data is wrapped.

    Raises:
        RefusedError: another payout address than before, without the old wallet's signature; or
            a key for sealed data that the node did not sign.
    """
    payout = checksum_address(enrolment.payout_address)
    sealing = enrolment.sealing
    if sealing is not None:
        verify_sealing_key(key, sealing)
    now = market.now()
    touched: frozenset[JobId] = frozenset()
    with market.database.write() as connection:
        known = parties.find_node(connection, key)
        if known is None:
            node = Node(key, payout, now, 0)
        elif known.payout_address == payout:
            node = known
        else:
            _check_change(market, known, payout, enrolment, now)
            node = replace(known, payout_address=payout, payout_changed_at=enrolment.issued_at)
        node = replace(
            node,
            sealing_key=sealing.public_key if sealing else None,
            sealing_signature=sealing.signature if sealing else None,
        )
        if node != known:
            parties.save_node(connection, node)
        if known is not None and node.sealing_key != known.sealing_key:
            touched = lease_keys.forget_of_node(connection, key)
    market.bells.ring(*map(bells.of_job, touched))
    return NodeRecord(node.node, node.payout_address, node.enrolled_at)


def _check_change(
    market: Market, known: Node, payout: Address, enrolment: NodeEnrolment, now: float
) -> None:
    age_s = now - enrolment.issued_at
    is_fresh = abs(age_s) <= _PAYOUT_CHANGE_AGE_S and enrolment.issued_at > known.payout_changed_at
    if enrolment.payout_signature is not None and is_fresh:
        digest = payout_change_digest(market.domain, known.node, payout, enrolment.issued_at)
        if recover_signer(digest, enrolment.payout_signature) == known.payout_address:
            return
    raise RefusedError(
        f"This node is paid to {known.payout_address}; to change that, sign the change with that "
        "wallet, today.",
        f"此节点的收款地址为 {known.payout_address}；如需更改，请当天用该钱包签名。",
    )


def enrol_requestor(
    market: Market, key: PublicKey, enrolment: RequestorEnrolment
) -> RequestorEnrolment:
    """Let a client key speak for a payer.

    Raises:
        RefusedError: the payer's wallet did not sign for this key.
    """
    payer = checksum_address(enrolment.payer)
    digest = client_key_digest(market.domain, key, payer)
    if recover_signer(digest, enrolment.signature) != payer:
        raise RefusedError(
            "The wallet's signature does not belong to this client key; sign again with the "
            "wallet that pays.",
            "钱包签名与此客户端密钥不符；请用付款钱包重新签名。",
        )
    with market.database.write() as connection:
        parties.save_requestor(connection, key, payer, market.now())
    return RequestorEnrolment(payer, enrolment.signature)
