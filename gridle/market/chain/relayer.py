"""Carries other people's signed statements to the hub and pays the gas."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import requests
from eth_account import Account
from hexbytes import HexBytes
from msgspec import Struct
from web3 import Web3
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError, TimeExhausted, Web3Exception, Web3RPCError
from web3.logs import DISCARD
from web3.types import TxParams, TxReceipt, Wei

from gridle.market.chain.hub import Hub
from gridle.market.chain.refusals import refused
from gridle.market.protocol.eip712 import SIGNATURE_BYTES, address_of, checksum_address
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    RelayReceipt,
    SignedAppointment,
)
from gridle.market.protocol.money import SignedVoucher

MAX_BATCH = 128
"""The hub takes no more vouchers in one transaction."""
MINING_TIMEOUT_S = 120.0
_POLL_S = 0.05
_GAS_MARGIN = 1.2
_NONCE_TRIES = 3


class Signature65(NamedTuple):
    """A wallet's signature in the parts that contracts take."""

    v: int
    r: bytes
    s: bytes


class Payment(Struct, frozen=True):
    """What the hub paid for one pair within a redemption."""

    payer: Address
    payee: Address
    amount_units: int
    claimed_units: int
    """What the pair has been paid in all, after it."""


class RedeemReceipt(RelayReceipt, frozen=True):
    """A mined redemption; vouchers with nothing to pay or without cover have no payment."""

    payments: tuple[Payment, ...]


class Relayer:
    """Sends transactions from one key, one after the other.

    The chain itself is the memory of the nonce, so a restart loses nothing, and redeeming twice
    pays once. The key must not be used by another process at the same time.
    """

    def __init__(self, hub: Hub, private_key: bytes) -> None:
        self._hub = hub
        self._private_key = private_key
        self._turn = threading.Lock()

    @property
    def address(self) -> Address:
        """Who pays the gas."""
        return address_of(self._private_key)

    def redeem_many(self, vouchers: Sequence[SignedVoucher]) -> RedeemReceipt:
        """Redeem up to MAX_BATCH vouchers in one transaction.

        Raises:
            RefusedError: the hub refuses all, or there are too many.
            UnavailableError: the chain does not answer or does not mine it in time.
        """
        if not 0 < len(vouchers) <= MAX_BATCH:
            raise RefusedError(
                f"Between 1 and {MAX_BATCH} vouchers can be redeemed at once; send fewer.",
                f"一次可兑付 1 至 {MAX_BATCH} 张凭证；请减少数量。",
            )
        receipt = self._send(self._redemption(vouchers))
        events = self._hub.contract.events.Redeemed().process_receipt(receipt, errors=DISCARD)
        payments = tuple(
            Payment(
                payer=checksum_address(event["args"]["payer"]),
                payee=checksum_address(event["args"]["payee"]),
                amount_units=event["args"]["amount"],
                claimed_units=event["args"]["claimed"],
            )
            for event in events
            if event["address"] == self._hub.address
        )
        return RedeemReceipt(**_facts(receipt), payments=payments)

    def deposit(self, authorization: DepositAuthorization) -> RelayReceipt:
        """Carry a payer's signed deposit to the hub.

        Raises:
            RefusedError: token or hub refuses it: used, expired, not covered or badly signed.
            UnavailableError: the chain does not answer or does not mine it in time.
        """
        signature = split_signature(authorization.signature)
        call = self._hub.contract.functions.deposit_with_authorization(
            authorization.payer,
            authorization.value_units,
            authorization.valid_after,
            authorization.valid_before,
            bytes.fromhex(authorization.nonce),
            *signature,
        )
        return RelayReceipt(**_facts(self._send(call)))

    def appoint(self, signed: SignedAppointment) -> RelayReceipt:
        """Carry a payer's signed appointment of a delegate to the hub.

        Raises:
            RefusedError: the hub refuses it: used, superseded, badly signed, or beside another
                delegate that still signs.
            UnavailableError: the chain does not answer or does not mine it in time.
        """
        appointment = signed.appointment
        call = self._hub.contract.functions.appoint_with_signature(
            appointment.payer,
            appointment.delegate,
            appointment.cap_units,
            appointment.expiry,
            appointment.nonce,
            bytes.fromhex(signed.signature[2:]),
        )
        return RelayReceipt(**_facts(self._send(call)))

    def _redemption(self, vouchers: Sequence[SignedVoucher]) -> ContractFunction:
        functions = self._hub.contract.functions
        if len(vouchers) == 1:
            # One voucher is cheaper alone, and so may carry a contract's signature (ERC-1271).
            only = vouchers[0]
            return functions.redeem(*_terms(only), bytes.fromhex(only.signature[2:]))
        return functions.redeem_many(
            [(*_terms(voucher), *split_signature(voucher.signature)) for voucher in vouchers]
        )

    def _send(self, call: ContractFunction) -> TxReceipt:
        eth = self._hub.web3.eth
        with self._turn:
            try:
                sent = self._submit(call)
                receipt = eth.wait_for_transaction_receipt(
                    sent, timeout=MINING_TIMEOUT_S, poll_latency=_POLL_S
                )
            except ContractLogicError as error:
                raise refused(str(error.message or error)) from error
            except TimeExhausted as error:
                raise _unavailable("it does not mine our transaction", "交易迟未入块") from error
            except (Web3Exception, requests.RequestException) as error:
                raise _unavailable(str(error), str(error)) from error
        if receipt["status"] != 1:
            raise refused("its state changed while the transaction was on its way")
        return receipt

    def _submit(self, call: ContractFunction) -> HexBytes:
        eth = self._hub.web3.eth
        sender = Web3.to_checksum_address(self.address)
        fields: TxParams = {"from": sender, "value": Wei(0), "chainId": eth.chain_id}
        # Asking for the gas first runs the call, so what would revert costs nothing.
        gas = int(call.estimate_gas(fields) * _GAS_MARGIN)
        for attempt in range(_NONCE_TRIES):
            nonce = eth.get_transaction_count(sender, "pending")
            built = call.build_transaction({**fields, "gas": gas, "nonce": nonce})
            signed = Account.sign_transaction(built, self._private_key)
            try:
                return eth.send_raw_transaction(signed.raw_transaction)
            except Web3RPCError as error:
                if "already known" in str(error):
                    return HexBytes(signed.hash)
                if "nonce" not in str(error) or attempt == _NONCE_TRIES - 1:
                    raise
        raise AssertionError  # pragma: no cover - the loop returns or raises


def split_signature(signature: str) -> Signature65:
    """Return the parts of a 65-byte signature.

    Raises:
        RefusedError: it is not 65 bytes long (a contract's signature is redeemed alone).
    """
    raw = bytes.fromhex(signature[2:])
    if len(raw) != SIGNATURE_BYTES:
        raise RefusedError(
            "A contract wallet's signature cannot be carried this way; redeem its voucher alone.",
            "合约钱包的签名无法以此方式提交；请单独兑付其凭证。",
        )
    return Signature65(raw[64], raw[:32], raw[32:64])


def _terms(signed: SignedVoucher) -> tuple[Address, Address, int]:
    voucher = signed.voucher
    return voucher.payer, voucher.payee, voucher.cumulative_units


def _facts(receipt: TxReceipt) -> Mapping[str, Any]:
    return {
        "tx_hash": receipt["transactionHash"].to_0x_hex(),
        "block_number": int(receipt["blockNumber"]),
        "gas_used": int(receipt["gasUsed"]),
    }


def _unavailable(en: str, zh: str) -> UnavailableError:
    return UnavailableError(
        f"The chain cannot carry this transaction now ({en}); nothing is lost, try again later.",
        f"链暂时无法处理此交易（{zh}）；没有损失，请稍后重试。",
    )
