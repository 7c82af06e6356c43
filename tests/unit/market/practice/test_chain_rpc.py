"""The JSON-RPC methods, on a real chain in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from gridle.market.practice.chain_evm import CHAIN_ID, HEARTBEAT_S
from gridle.market.practice.chain_rpc import Methods, RpcError
from gridle.market.protocol.keccak import keccak256
from tests.rigs.evm import Evm

TRANSFER = "0x" + keccak256(b"Transfer(address,address,uint256)").hex()


@pytest.fixture
def evm(tmp_path: Path) -> Iterator[Evm]:
    rig = Evm(tmp_path)
    yield rig
    rig.store.close()


@pytest.fixture
def methods(evm: Evm) -> Methods:
    return Methods(evm.chain)


def raw_transfer(evm: Evm, nonce: int, value: int = 5) -> str:
    fields = {
        "nonce": nonce,
        "to": evm.actors[1].address,
        "value": value,
        "gas": 21_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 1,
        "chainId": CHAIN_ID,
    }
    return str(Account.sign_transaction(fields, evm.actors[0].key).raw_transaction.to_0x_hex())


def test_says_who_it_is(methods: Methods) -> None:
    assert methods.answer("eth_chainId", []) == hex(CHAIN_ID)
    assert methods.answer("net_version", []) == str(CHAIN_ID)
    assert methods.answer("eth_accounts", []) == []
    assert methods.answer("eth_syncing", []) is False
    assert "practice" in str(methods.answer("web3_clientVersion", []))


def test_a_transaction_is_mined_at_once(evm: Evm, methods: Methods) -> None:
    to = evm.actors[1].address
    before = int(str(methods.answer("eth_getBalance", [to, "latest"])), 16)
    sent = methods.answer("eth_sendRawTransaction", [raw_transfer(evm, 0)])
    receipt: Any = methods.answer("eth_getTransactionReceipt", [sent])
    assert receipt["status"] == "0x1"
    assert receipt["gasUsed"] == hex(21_000)
    assert receipt["contractAddress"] is None
    mined: Any = methods.answer("eth_getTransactionByHash", [sent])
    assert mined["blockHash"] == receipt["blockHash"]
    assert mined["to"].lower() == to.lower()
    assert int(str(methods.answer("eth_getBalance", [to])), 16) == before + 5
    sender = evm.actors[0].address
    assert methods.answer("eth_getTransactionCount", [sender, "pending"]) == "0x1"
    whole: Any = methods.answer("eth_getBlockByHash", [receipt["blockHash"], True])
    assert whole["transactions"] == [mined]
    earlier = hex(int(receipt["blockNumber"], 16) - 1)
    assert methods.answer("eth_getTransactionCount", [sender, earlier]) == "0x0"


def test_refuses_what_a_node_would_refuse(evm: Evm, methods: Methods) -> None:
    raw = raw_transfer(evm, 0)
    methods.answer("eth_sendRawTransaction", [raw])
    for bad, words in (
        (raw, "already known"),
        (raw_transfer(evm, 0, 6), "nonce"),
        (raw_transfer(evm, 7), "nonce"),
        (raw_transfer(evm, 1, 10**30), "insufficient funds"),
        ("0x02f8", "malformed"),
        ("0x", "malformed"),
    ):
        number = methods.answer("eth_blockNumber", [])
        with pytest.raises(RpcError, match=words):
            methods.answer("eth_sendRawTransaction", [bad])
        assert methods.answer("eth_blockNumber", []) == number
    methods.answer("eth_sendRawTransaction", [raw_transfer(evm, 1)])


def test_a_revert_says_why(evm: Evm, methods: Methods) -> None:
    call = {
        "to": evm.token.address,
        "data": "0x" + evm.token.encode("mint", evm.hub.address, 1).hex(),
    }
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcError, match="execution reverted: not the owner") as caught:
            methods.answer(method, [call, "latest"])
        assert caught.value.code == 3
        assert caught.value.detail is not None


def test_logs_are_found_by_address_topic_and_range(evm: Evm, methods: Methods) -> None:
    for person in evm.actors[:3]:
        evm.token.send(evm.deployer, "mint", person.address, 7)
    wanted = "0x" + evm.actors[1].raw.rjust(32, b"\0").hex()
    search = {"fromBlock": "earliest", "address": evm.token.address, "topics": [TRANSFER]}
    found: Any = methods.answer("eth_getLogs", [search])
    assert len(found) == 3
    one: Any = methods.answer("eth_getLogs", [{**search, "topics": [TRANSFER, None, [wanted]]}])
    assert [log["topics"][2] for log in one] == [wanted]
    assert methods.answer("eth_getLogs", [{**search, "address": [evm.hub.address]}]) == []
    assert methods.answer("eth_getLogs", [{"fromBlock": "latest"}]) == found[-1:]


def test_the_newest_block_is_never_old(evm: Evm, methods: Methods) -> None:
    evm.now += HEARTBEAT_S
    latest: Any = methods.answer("eth_getBlockByNumber", ["latest", False])
    assert int(latest["timestamp"], 16) == evm.now
    again: Any = methods.answer("eth_getBlockByNumber", ["latest"])
    assert again["hash"] == latest["hash"]
    assert methods.answer("eth_getBlockByNumber", ["0xffff", False]) is None


def test_fees(methods: Methods) -> None:
    history: Any = methods.answer("eth_feeHistory", ["0x5", "latest", [10, 50]])
    assert len(history["baseFeePerGas"]) == len(history["gasUsedRatio"]) + 1
    tip = int(str(methods.answer("eth_maxPriorityFeePerGas", [])), 16)
    assert int(str(methods.answer("eth_gasPrice", [])), 16) > tip


def test_code_and_storage(evm: Evm, methods: Methods) -> None:
    assert methods.answer("eth_getCode", [evm.actors[0].address, "latest"]) == "0x"
    assert len(str(methods.answer("eth_getCode", [evm.hub.address, "latest"]))) > 1000
    word = methods.answer("eth_getStorageAt", [evm.hub.address, "0x0", "latest"])
    assert len(str(word)) == 66


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("eth_mine", [], -32601),
        ("eth_getBalance", [], -32602),
        ("eth_getBalance", ["0x12", "latest"], -32602),
        ("eth_getBalance", ["0x" + "00" * 20, "0xfffff"], -32000),
        ("eth_call", ["what"], -32602),
        ("eth_call", [{"data": "0xzz"}], -32602),
        ("eth_getLogs", [[]], -32602),
        ("eth_getTransactionReceipt", [5], -32602),
        ("eth_getBlockByNumber", ["soon"], -32602),
    ],
)
def test_bad_requests_get_an_error(
    methods: Methods, method: str, parameters: list[object], code: int
) -> None:
    with pytest.raises(RpcError) as caught:
        methods.answer(method, parameters)
    assert caught.value.code == code
