"""How blocks, transactions, receipts and logs look in Ethereum's JSON-RPC.

See https://ethereum.github.io/execution-apis/ for the field names; the objects are py-evm's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth.abc import BlockHeaderAPI

from gridle.market.practice.chain_evm import Mined

Json = dict[str, Any]


def quantity(value: int) -> str:
    """Return a number as JSON-RPC writes it."""
    return hex(value)


def data(value: bytes) -> str:
    """Return bytes as JSON-RPC writes them."""
    return "0x" + value.hex()


def base_fee_wei(header: BlockHeaderAPI) -> int:
    """Return what a unit of gas costs at least in this block; every block here states it."""
    return header.base_fee_per_gas or 0


def header_json(header: BlockHeaderAPI, transactions: Sequence[object]) -> Json:
    """Return a block; `transactions` are hashes or whole transactions as JSON."""
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.uncles_hash),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "transactionsRoot": data(header.transaction_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipt_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "size": quantity(0),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(base_fee_wei(header)),
        "transactions": transactions,
        "uncles": [],
    }


def transaction_json(mined: Mined) -> Json:
    """Return a mined transaction."""
    transaction, header = mined.transaction, mined.block.header
    return {
        "hash": data(transaction.hash),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(mined.index),
        "type": quantity(transaction.type_id or 0),
        "chainId": quantity(transaction.chain_id or 0),
        "nonce": quantity(transaction.nonce),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(_price(mined)),
        "maxFeePerGas": quantity(transaction.max_fee_per_gas),
        "maxPriorityFeePerGas": quantity(transaction.max_priority_fee_per_gas),
        "input": data(transaction.data),
        "accessList": [],
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
        "v": quantity(transaction.y_parity),
    }


def receipt_json(mined: Mined) -> Json:
    """Return a receipt."""
    created = mined.created()
    transaction, header = mined.transaction, mined.block.header
    return {
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(mined.index),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "type": quantity(transaction.type_id or 0),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "contractAddress": data(created) if created else None,
        "status": quantity(int.from_bytes(mined.receipt.state_root, "big")),
        "gasUsed": quantity(mined.gas_used),
        "cumulativeGasUsed": quantity(mined.receipt.gas_used),
        "effectiveGasPrice": quantity(_price(mined)),
        "logsBloom": data(mined.receipt.bloom.to_bytes(256, "big")),
        "logs": logs_json(mined),
    }


def logs_json(mined: Mined) -> list[Json]:
    """Return the logs of a mined transaction."""
    header = mined.block.header
    return [
        {
            "address": data(log.address),
            "topics": [data(topic.to_bytes(32, "big")) for topic in log.topics],
            "data": data(log.data),
            "blockHash": data(header.hash),
            "blockNumber": quantity(header.block_number),
            "transactionHash": data(mined.transaction.hash),
            "transactionIndex": quantity(mined.index),
            "logIndex": quantity(mined.first_log_index + place),
            "removed": False,
        }
        for place, log in enumerate(mined.receipt.logs)
    ]


def _price(mined: Mined) -> int:
    base = base_fee_wei(mined.block.header)
    tip = min(mined.transaction.max_priority_fee_per_gas, mined.transaction.max_fee_per_gas - base)
    return base + tip
