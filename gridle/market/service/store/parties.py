"""Nodes, requestors and what the chain last said of payers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from gridle.market.protocol.ids import Address, PublicKey
from gridle.market.service.domain.escrow import Cover
from gridle.market.service.store import rows
from gridle.market.service.store.schema import nodes, payers, requestors


@dataclass(frozen=True)
class Node:
    """One enrolled worker; `payout_changed_at` is the issue time of the last accepted change."""

    node: PublicKey
    payout_address: Address
    enrolled_at: float
    payout_changed_at: int
    sealing_key: PublicKey | None = None
    sealing_signature: str | None = None


def find_node(connection: Connection, key: PublicKey) -> Node | None:
    """Return the node of this key, or None."""
    return rows.one(connection, select(nodes).where(nodes.c.node == key), Node)


def save_node(connection: Connection, node: Node) -> None:
    """Store a node, new or changed."""
    fields = rows.values(node)
    connection.execute(
        insert(nodes).values(fields).on_conflict_do_update(index_elements=["node"], set_=fields)
    )


def save_requestor(connection: Connection, key: PublicKey, payer: Address, now: float) -> None:
    """Let a client key speak for a payer; known ones stay as they are."""
    connection.execute(
        insert(requestors)
        .values(client_key=key, payer=payer, enrolled_at=now)
        .on_conflict_do_nothing()
    )


def payers_of(connection: Connection, key: PublicKey) -> Sequence[Address]:
    """Return the payers that a client key speaks for."""
    return list(
        connection.scalars(select(requestors.c.payer).where(requestors.c.client_key == key))
    )


def save_cover(connection: Connection, cover: Cover) -> None:
    """Keep what the chain said of a payer."""
    fields = rows.values(cover)
    connection.execute(
        insert(payers).values(fields).on_conflict_do_update(index_elements=["payer"], set_=fields)
    )


def find_cover(connection: Connection, payer: Address) -> Cover | None:
    """Return what the chain last said of a payer, or None."""
    return rows.one(connection, select(payers).where(payers.c.payer == payer), Cover)
