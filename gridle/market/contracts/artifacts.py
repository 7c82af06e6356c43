"""The built contracts as they are shipped: read from JSON, so that no compiler is needed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Artifact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One compiled contract."""

    contract: str
    compiler: str
    """Compiler name and version, such as `vyper 0.4.3`."""
    source_sha256: str
    abi: list[dict[str, Any]]
    """The contract's interface in the JSON form that Ethereum tools share."""
    bytecode: str
    """Creation code in hex with 0x, without constructor arguments."""

    def creation_code(self, *constructor_words: bytes) -> bytes:
        """Return what a deployment sends: creation code and 32-byte constructor arguments."""
        return bytes.fromhex(self.bytecode[2:]) + b"".join(constructor_words)


@cache
def payment_hub() -> Artifact:
    """Return PaymentHub; constructor: token (address), exit delay in seconds (uint256)."""
    return _load("PaymentHub")


@cache
def practice_token() -> Artifact:
    """Return PracticeToken; its constructor takes nothing and its deployer is the owner."""
    return _load("PracticeToken")


def _load(contract: str) -> Artifact:
    text = (files(__package__) / f"{contract}.json").read_bytes()
    return msgspec.json.decode(text, type=Artifact)
