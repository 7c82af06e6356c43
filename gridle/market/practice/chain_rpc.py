"""The JSON-RPC methods of the practice chain, as one table of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from eth.abc import BlockHeaderAPI, StateAPI
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from gridle.market.practice import chain_shapes as shapes
from gridle.market.practice.chain_evm import (
    CHAIN_ID,
    GAS_LIMIT,
    NO_ADDRESS,
    Call,
    CallFailedError,
    PracticeChain,
)
from gridle.market.practice.chain_logs import matching_logs
from gridle.market.practice.chain_shapes import base_fee_wei, data, quantity

TIP_WEI = 10**9
_ERROR_STRING = bytes.fromhex("08c379a0")
_ADDRESS_BYTES = 20


class RpcError(Exception):
    """An error in JSON-RPC's terms."""

    def __init__(self, code: int, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class Methods:
    """Answers one request at a time on one chain."""

    def __init__(self, chain: PracticeChain) -> None:
        self._chain = chain
        self._table: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: "Gridle practice chain",
            "net_version": lambda: str(CHAIN_ID),
            "eth_chainId": lambda: quantity(CHAIN_ID),
            "eth_syncing": lambda: False,
            "eth_accounts": list,
            "eth_blockNumber": lambda: quantity(chain.head().block_number),
            "eth_gasPrice": lambda: quantity(self._base_fee_wei() + TIP_WEI),
            "eth_maxPriorityFeePerGas": lambda: quantity(TIP_WEI),
            "eth_feeHistory": self._fee_history,
            "eth_getBalance": lambda who, tag="latest": quantity(
                self._state(tag).get_balance(_address(who))
            ),
            "eth_getTransactionCount": lambda who, tag="latest": quantity(
                self._state(tag).get_nonce(_address(who))
            ),
            "eth_getCode": lambda who, tag="latest": data(self._state(tag).get_code(_address(who))),
            "eth_getStorageAt": lambda who, slot, tag="latest": data(
                self._state(tag).get_storage(_address(who), int(slot, 16)).to_bytes(32, "big")
            ),
            "eth_call": lambda call, tag="latest": data(chain.call(_call(call), self._header(tag))),
            "eth_estimateGas": lambda call, tag="latest": quantity(
                chain.estimate_gas(_call(call), self._header(tag))
            ),
            "eth_sendRawTransaction": lambda raw: data(chain.submit(_bytes(raw))),
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getLogs": lambda wanted: matching_logs(chain, self._number, wanted),
        }

    def answer(self, method: str, untrusted_parameters: Sequence[object]) -> object:
        """Carry out one method.

        Raises:
            RpcError: there is no such method, the parameters are wrong, or it was refused.
        """
        if method not in self._table:
            raise RpcError(-32601, f"the method {method} does not exist")
        try:
            return self._table[method](*untrusted_parameters)
        except CallFailedError as error:
            raise RpcError(3, _revert_sentence(error.data), data(error.data)) from error
        except ValidationError as error:
            raise RpcError(-32000, _geth_words(str(error))) from error
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise RpcError(-32602, "invalid parameters") from error

    def _number(self, tag: str) -> int:
        if tag == "earliest":
            return 0
        if tag in ("latest", "pending", "safe", "finalized"):
            return int(self._chain.head().block_number)
        return int(tag, 16)

    def _header(self, tag: str) -> BlockHeaderAPI:
        header = self._chain.header(self._number(tag))
        if header is None:
            raise RpcError(-32000, "header not found")
        return header

    def _state(self, tag: str) -> StateAPI:
        return self._chain.state(self._header(tag))

    def _base_fee_wei(self) -> int:
        return base_fee_wei(self._chain.head())

    def _fee_history(
        self, count: str | int, newest: str, percentiles: Sequence[float] = ()
    ) -> object:
        last = self._number(newest)
        blocks = min(int(count, 16) if isinstance(count, str) else count, last + 1, 1024)
        headers = [self._header(hex(number)) for number in range(last - blocks + 1, last + 1)]
        fees = [base_fee_wei(header) for header in headers]
        return {
            "oldestBlock": quantity(last - blocks + 1),
            "baseFeePerGas": [quantity(fee) for fee in [*fees, fees[-1]]],
            "gasUsedRatio": [header.gas_used / GAS_LIMIT for header in headers],
            "reward": [[quantity(TIP_WEI)] * len(percentiles) for _ in headers],
        }

    def _transaction(self, untrusted_hash: str) -> object:
        mined = self._chain.find(_bytes(untrusted_hash))
        return mined and shapes.transaction_json(mined)

    def _receipt(self, untrusted_hash: str) -> object:
        mined = self._chain.find(_bytes(untrusted_hash))
        return mined and shapes.receipt_json(mined)

    def _block_by_number(self, tag: str, full: bool = False) -> object:  # noqa: FBT001, FBT002 - JSON-RPC's own
        if tag in ("latest", "pending"):
            return self._block(self._chain.fresh_head(), full=full)
        return self._block(self._chain.header(self._number(tag)), full=full)

    def _block_by_hash(self, untrusted_hash: str, full: bool = False) -> object:  # noqa: FBT001, FBT002 - the same
        return self._block(self._chain.header_by_hash(_bytes(untrusted_hash)), full=full)

    def _block(self, header: BlockHeaderAPI | None, *, full: bool) -> object:
        if header is None:
            return None
        hashes = [transaction.hash for transaction in self._chain.block(header).transactions]
        if full:
            mined = [self._chain.find(one) for one in hashes]
            return shapes.header_json(
                header, [shapes.transaction_json(one) for one in mined if one]
            )
        return shapes.header_json(header, [data(one) for one in hashes])


def _bytes(untrusted_hex: str) -> bytes:
    return bytes.fromhex(untrusted_hex.removeprefix("0x"))


def _address(untrusted_hex: str) -> Address:
    address = _bytes(untrusted_hex)
    if len(address) != _ADDRESS_BYTES:
        raise ValueError(untrusted_hex)
    return Address(address)


def _call(untrusted_call: dict[str, Any]) -> Call:
    def number(name: str, default: int) -> int:
        return int(untrusted_call[name], 16) if untrusted_call.get(name) else default

    to = untrusted_call.get("to")
    return Call(
        sender=_address(untrusted_call["from"]) if untrusted_call.get("from") else NO_ADDRESS,
        to=_address(to) if to else Address(b""),
        data=_bytes(untrusted_call.get("data") or untrusted_call.get("input") or ""),
        value_wei=number("value", 0),
        gas=min(number("gas", GAS_LIMIT), GAS_LIMIT),
    )


def _revert_sentence(revert_data: bytes) -> str:
    # ABI-encoded Error(string): selector, offset, length, text.
    if revert_data[:4] != _ERROR_STRING:
        return "execution reverted"
    length = int.from_bytes(revert_data[36:68], "big")
    return f"execution reverted: {revert_data[68 : 68 + length].decode('utf-8', 'replace')}"


def _geth_words(message: str) -> str:
    """Clients recognise these conditions by the words of the commonest node software."""
    if "nonce" in message.lower():
        return f"nonce too low or too high: {message}"
    if "balance" in message.lower() or "funds" in message.lower():
        return f"insufficient funds for gas * price + value: {message}"
    return message


class RpcRequest(msgspec.Struct, frozen=True):
    """One JSON-RPC 2.0 request."""

    method: str
    params: list[Any] = msgspec.field(default_factory=list)
    id: int | str | None = None
