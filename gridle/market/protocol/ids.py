"""Names of things on the wire, as constrained strings that decoding checks.

Each pattern refuses a final line feed by name, since a bare `$` lets one through.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from msgspec import Meta

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
"""A SHA-256 digest in lower-case hex."""

PublicKey = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
"""An Ed25519 public key in lower-case hex; a node's or a requestor's identity (RFC 8032)."""

Address = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$(?!\n)")]
"""An EVM address in hex; EIP-55 checksummed wherever we write it."""

Signature = Annotated[str, Meta(pattern=r"^0x([0-9a-f]{2}){65,}$(?!\n)")]
"""A wallet's signature in hex: 65 bytes r‖s‖v, or longer for ERC-1271 contracts."""

JobId = Annotated[str, Meta(pattern=r"^job-[0-9a-f]{16}$(?!\n)")]
TaskId = Annotated[str, Meta(pattern=r"^job-[0-9a-f]{16}\.[0-9]{1,6}$(?!\n)")]
LeaseId = Annotated[str, Meta(pattern=r"^lease-[0-9a-f]{24}$(?!\n)")]

MAX_UNITS = 2**63 - 1
"""Nine million million tokens of six decimals; it fits SQL's and JSON's signed 64 bits."""

Units = Annotated[int, Meta(ge=0, le=MAX_UNITS)]
"""An amount of money in the token's base units."""

ByteCount = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""An amount of memory or disk; it fits SQL's signed 64 bits."""

UnixTime = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Whole Unix seconds, UTC; every program's integers and dates hold them."""

Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A place in a row of events, or a block's number; it fits SQL's signed 64 bits."""


def new_job_id() -> JobId:
    """Return a fresh random job id."""
    return "job-" + secrets.token_hex(8)


def new_lease_id() -> LeaseId:
    """Return a fresh random lease id."""
    return "lease-" + secrets.token_hex(12)


def task_id(job_id: JobId, index: int) -> TaskId:
    """Return the id of a job's task number `index`, counted from 0."""
    return f"{job_id}.{index}"
