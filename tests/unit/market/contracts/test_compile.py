"""The shipped contracts are what their sources compile to."""

from __future__ import annotations

import pytest

from gridle.market.contracts import artifacts
from gridle.market.contracts import compile as compiler


@pytest.mark.parametrize("contract", compiler.CONTRACTS)
def test_the_shipped_json_is_a_fresh_build_byte_for_byte(contract: str) -> None:
    shipped = (compiler.FOLDER / f"{contract}.json").read_bytes()
    assert shipped == compiler.build(contract), "run: python -m gridle.market.contracts.compile"


def test_hubs_name_is_that_of_the_protocol() -> None:
    hub = artifacts.payment_hub()
    assert hub.contract == "PaymentHub"
    assert hub.compiler == "vyper 0.4.3"
    assert hub.creation_code(b"\x01" * 32).endswith(b"\x01" * 32)
