"""The first start, also when it was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.contracts import artifacts
from gridle.market.practice.chain_evm import PracticeChain
from gridle.market.practice.chain_genesis import (
    DEPLOYER_WEI,
    EXIT_DELAY_S,
    KEY_NAME,
    deployer_key,
    deployment,
    open_chain,
)
from gridle.market.practice.chain_store import ChainStore
from gridle.market.protocol.eip712 import address_of
from gridle.market.protocol.errors import CorruptStateError
from tests.rigs.evm import Actor


def code_at(chain: PracticeChain, address: str) -> bytes:
    raw = Actor(1).raw.__class__(bytes.fromhex(address[2:]))
    return bytes(chain.state(chain.head()).get_code(raw))


def test_token_and_hub_are_where_the_home_says(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")
    chain = open_chain(tmp_path, store)
    places = deployment(tmp_path)
    assert len(code_at(chain, places.token)) > 1000
    assert EXIT_DELAY_S.to_bytes(32, "big") in code_at(chain, places.hub)
    blocks = chain.head().block_number
    assert open_chain(tmp_path, store).head().block_number == blocks
    store.close()


def test_a_start_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")
    (tmp_path / KEY_NAME).write_text("0a" * 32)
    deployer = Actor(int("0a" * 32, 16))
    assert address_of(deployer_key(tmp_path)) == deployer.address
    PracticeChain.create(store, {deployer.raw: DEPLOYER_WEI})
    chain = open_chain(tmp_path, store)
    assert len(code_at(chain, deployment(tmp_path).hub)) > 1000
    store.close()


def test_another_chains_key_is_refused(tmp_path: Path) -> None:
    store = ChainStore(tmp_path / "chain.sqlite")
    open_chain(tmp_path, store)
    (tmp_path / KEY_NAME).write_text("0a" * 32)
    with pytest.raises(CorruptStateError, match="not the one"):
        open_chain(tmp_path, store)
    store.close()


def test_a_chain_of_an_older_version_keeps_its_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Any other code stands for an older hub: what matters is that nothing is deployed over it.
    other = artifacts.practice_token()
    store = ChainStore(tmp_path / "chain.sqlite")
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "payment_hub", lambda: other)
        older = open_chain(tmp_path, store)
    hub = deployment(tmp_path).hub
    code, head = code_at(older, hub), older.head()
    chain = open_chain(tmp_path, store)
    assert chain.head() == head
    assert code_at(chain, hub) == code
    store.close()


@pytest.mark.parametrize("text", ["", "zz", "00" * 32, "0a" * 31])
def test_a_damaged_key_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_NAME).write_text(text)
    with pytest.raises(CorruptStateError, match="damaged"):
        deployer_key(tmp_path)
