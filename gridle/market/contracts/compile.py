"""Compile the Vyper sources: `python -m gridle.market.contracts.compile` writes the JSON.

Vyper is a development dependency, so this module alone imports it. A test compares the shipped
JSON with a fresh build byte for byte.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec
import vyper

from gridle.market.contracts.artifacts import Artifact

FOLDER = Path(__file__).parent
CONTRACTS = ("PaymentHub", "PracticeToken")


def build(contract: str) -> bytes:
    """Compile one contract of this folder and return the text of its JSON file."""
    # Line endings are made one, so that a checkout on Windows has the same digest.
    source = (FOLDER / f"{contract}.vy").read_text("utf-8")
    output = vyper.compile_code(source, output_formats=["abi", "bytecode"])
    artifact = Artifact(
        contract=contract,
        compiler=f"vyper {vyper.__version__.split('+')[0]}",
        source_sha256=hashlib.sha256(source.encode()).hexdigest(),
        abi=output["abi"],
        bytecode=output["bytecode"],
    )
    return msgspec.json.format(msgspec.json.encode(artifact), indent=1) + b"\n"


def main() -> int:
    """Write the JSON file of every contract; returns the exit status."""
    for contract in CONTRACTS:
        path = FOLDER / f"{contract}.json"
        draft = path.with_suffix(".new")
        draft.write_bytes(build(contract))
        draft.replace(path)
        sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
