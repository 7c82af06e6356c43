"""The play money keeps ERC-20's and EIP-3009's promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.eip712 import address_word, sign_digest, typed_digest, uint_word
from tests.rigs.evm import START, Actor, Evm, RevertedError

TRANSFER_TYPE = (
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce)"
)
CANCEL_TYPE = "CancelAuthorization(address authorizer,bytes32 nonce)"
NONCE = b"\x05" * 32


@pytest.fixture
def evm(tmp_path: Path) -> Iterator[Evm]:
    rig = Evm(tmp_path)
    rig.token.send(rig.deployer, "mint", rig.actors[0].address, 1000)
    yield rig
    rig.store.close()


def parts(signature: str) -> tuple[int, bytes, bytes]:
    raw = bytes.fromhex(signature[2:])
    return raw[64], raw[:32], raw[32:64]


def transfer_by_signature(evm: Evm, signer: Actor, to: Actor, after: int, before: int) -> None:
    sender = evm.actors[0]
    digest = typed_digest(
        evm.token_domain,
        TRANSFER_TYPE,
        address_word(sender.address),
        address_word(to.address),
        uint_word(300),
        uint_word(after),
        uint_word(before),
        NONCE,
    )
    signature = parts(sign_digest(signer.key, digest))
    terms = (sender.address, to.address, 300, after, before, NONCE)
    evm.token.send(evm.actors[5], "transferWithAuthorization", *terms, *signature)


def test_only_the_owner_mints(evm: Evm) -> None:
    thief = evm.actors[1]
    with pytest.raises(RevertedError, match="not the owner"):
        evm.token.send(thief, "mint", thief.address, 1)
    assert evm.token.ask("totalSupply") == 1000
    assert (evm.token.ask("symbol"), evm.token.ask("decimals")) == ("pUSD", 6)


def test_transfers_and_allowances(evm: Evm) -> None:
    owner, spender, other = evm.actors[:3]
    evm.token.send(owner, "transfer", other.address, 100)
    evm.token.send(owner, "approve", spender.address, 50)
    evm.token.send(spender, "transferFrom", owner.address, other.address, 20)
    assert evm.token.ask("allowance", owner.address, spender.address) == 30
    assert evm.token.ask("balanceOf", other.address) == 120
    with pytest.raises(RevertedError, match="allowance too small"):
        evm.token.send(spender, "transferFrom", owner.address, other.address, 31)
    with pytest.raises(RevertedError, match="balance too small"):
        evm.token.send(owner, "transfer", other.address, 881)


def test_a_signed_transfer_counts_once_and_in_its_time(evm: Evm) -> None:
    sender, to, thief = evm.actors[:3]
    with pytest.raises(RevertedError, match="not yet valid"):
        transfer_by_signature(evm, sender, to, START, START + 60)
    with pytest.raises(RevertedError, match="expired"):
        transfer_by_signature(evm, sender, to, 0, START)
    with pytest.raises(RevertedError, match="invalid signature"):
        transfer_by_signature(evm, thief, to, 0, START + 60)
    transfer_by_signature(evm, sender, to, 0, START + 60)
    assert evm.token.ask("authorizationState", sender.address, NONCE) is True
    with pytest.raises(RevertedError, match="is used"):
        transfer_by_signature(evm, sender, to, 0, START + 60)
    assert evm.token.ask("balanceOf", to.address) == 300


def test_a_deposit_can_be_taken_by_the_hub_alone(evm: Evm) -> None:
    payer, thief = evm.actors[:2]
    signed = Wallet(payer.key).authorize_deposit(
        evm.token_domain, evm.hub.address, 400, valid_before=START + 60
    )
    terms = (400, 0, START + 60, bytes.fromhex(signed.nonce), *parts(signed.signature))
    with pytest.raises(RevertedError, match="must be the payee"):
        evm.token.send(thief, "receiveWithAuthorization", payer.address, evm.hub.address, *terms)
    with pytest.raises(RevertedError, match="invalid signature"):
        evm.hub.send(thief, "deposit_with_authorization", thief.address, *terms)
    evm.hub.send(thief, "deposit_with_authorization", payer.address, *terms)
    assert evm.hub.ask("balance_of", payer.address) == 400
    assert evm.hub.ask("balance_of", thief.address) == 0


def test_an_authorization_can_be_cancelled(evm: Evm) -> None:
    sender, to = evm.actors[:2]
    digest = typed_digest(evm.token_domain, CANCEL_TYPE, address_word(sender.address), NONCE)
    signature = parts(sign_digest(sender.key, digest))
    evm.token.send(to, "cancelAuthorization", sender.address, NONCE, *signature)
    with pytest.raises(RevertedError, match="is used"):
        transfer_by_signature(evm, sender, to, 0, START + 60)


def test_states_its_domain(evm: Evm) -> None:
    assert evm.token.ask("DOMAIN_SEPARATOR") == evm.token_domain.separator()
    assert evm.token.ask("eip712Domain")[1:3] == ("Practice USD", "1")
