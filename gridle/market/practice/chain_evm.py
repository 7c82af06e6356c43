"""The practice chain itself: py-evm with every transaction mined at once and kept on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from eth import constants
from eth._utils.address import generate_contract_address
from eth.abc import (
    BlockAPI,
    BlockHeaderAPI,
    ReceiptAPI,
    SignedTransactionAPI,
    StateAPI,
)
from eth.chains.base import MiningChain
from eth.db.atomic import AtomicDB
from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth.typing import AccountDetails, HeaderParams
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from gridle.market.practice.chain_store import ChainStore

CHAIN_ID = 31_437
"""Gridle's practice chain; beside the customary 31337 so that no wallet mixes them up."""
GAS_LIMIT = 30_000_000
HEARTBEAT_S = 12
"""Whoever asks for the newest block gets one at most this old."""
NO_ADDRESS = Address(bytes(20))


class _PracticeVM(CancunVM):
    """Cancun's rules, except that blocks of the same second may have the same time.

    Every transaction gets its own block here; were each a second later than the last, a busy
    chain's clock would run away from the world's.
    """

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """Accept: only this process builds blocks, from headers that py-evm made."""


class _Blocks(MiningChain):
    chain_id = CHAIN_ID
    vm_configuration = ((constants.GENESIS_BLOCK_NUMBER, _PracticeVM),)

    def create_header_from_parent(
        self, parent_header: BlockHeaderAPI, **header_params: HeaderParams
    ) -> BlockHeaderAPI:
        """Keep the gas limit constant."""
        return super().create_header_from_parent(
            parent_header, **{**header_params, "gas_limit": parent_header.gas_limit}
        )


@dataclass(frozen=True)
class Call:
    """What eth_call and eth_estimateGas run: a transaction that nobody signed."""

    sender: Address
    to: Address
    data: bytes
    value_wei: int
    gas: int


@dataclass(frozen=True)
class Mined:
    """A transaction with its place in the chain and its receipt."""

    transaction: SignedTransactionAPI
    receipt: ReceiptAPI
    block: BlockAPI
    index: int
    gas_used: int
    first_log_index: int

    def created(self) -> bytes | None:
        """Return the address of the contract that it deployed, if it deployed one."""
        if self.transaction.to:
            return None
        return generate_contract_address(self.transaction.sender, self.transaction.nonce)


class CallFailedError(Exception):
    """A call ran and failed; `data` is what it reverted with."""

    def __init__(self, data: bytes) -> None:
        super().__init__("execution reverted")
        self.data = data


class PracticeChain:
    """One chain on one store. Not thread-safe: the door serves one request at a time."""

    def __init__(self, store: ChainStore, *, clock: Callable[[], float] = time.time) -> None:
        """Continue the chain in `store`.

        Raises:
            PyEVMError, KeyError: the store is empty (see `create`) or damaged.
        """
        self._store = store
        self._clock = clock
        self._blocks = _Blocks(AtomicDB(store))

    @classmethod
    def create(
        cls,
        store: ChainStore,
        balances_wei: Mapping[Address, int],
        *,
        clock: Callable[[], float] = time.time,
    ) -> PracticeChain:
        """Write the genesis block with these balances into an empty store."""
        genesis: dict[str, HeaderParams] = {
            "coinbase": NO_ADDRESS,
            "difficulty": 0,
            "extra_data": b"Gridle practice",
            "gas_limit": GAS_LIMIT,
            "mix_hash": constants.ZERO_HASH32,
            "nonce": bytes(8),
            "timestamp": int(clock()),
        }
        state: dict[Address, AccountDetails] = {
            address: {"balance": balance, "nonce": 0, "code": b"", "storage": {}}
            for address, balance in balances_wei.items()
        }
        with store.block():
            _Blocks.from_genesis(AtomicDB(store), genesis, state)
        return cls(store, clock=clock)

    def head(self) -> BlockHeaderAPI:
        """Return the newest block's header."""
        return self._blocks.get_canonical_head()

    def fresh_head(self) -> BlockHeaderAPI:
        """Return the newest block's header, mining an empty block where that is too old."""
        if self._clock() - self.head().timestamp >= HEARTBEAT_S:
            self._mine(None)
        return self.head()

    def header(self, number: int) -> BlockHeaderAPI | None:
        """Return the header of block `number`, or None."""
        try:
            return self._blocks.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def block(self, header: BlockHeaderAPI) -> BlockAPI:
        """Return the block of a header."""
        return self._blocks.get_block_by_header(header)

    def header_by_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """Return the header with this hash, or None."""
        try:
            return self._blocks.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def receipts(self, block: BlockAPI) -> tuple[ReceiptAPI, ...]:
        """Return the receipts of a block's transactions, in order."""
        return block.get_receipts(self._blocks.chaindb)

    def submit(self, untrusted_transaction: bytes) -> bytes:
        """Mine a signed transaction; it is on disk when this returns its hash.

        Raises:
            ValidationError: it is malformed, badly signed, not payable or out of turn.
        """
        builder = self._blocks.get_vm().get_transaction_builder()
        try:
            transaction = builder.decode(untrusted_transaction)
        except Exception as error:  # the decoder raises whatever the bytes lead it into
            raise ValidationError("malformed transaction") from error
        if self.find(transaction.hash) is not None:
            raise ValidationError("already known")
        self._mine(transaction)
        return bytes(transaction.hash)

    def _mine(self, transaction: SignedTransactionAPI | None) -> None:
        now = max(int(self._clock()), self.head().timestamp)
        self._blocks.set_header_timestamp(now)
        try:
            with self._store.block():
                if transaction is not None:
                    self._blocks.apply_transaction(transaction)
                self._blocks.mine_block()
        except BaseException:
            # Nothing was kept; forget what py-evm had prepared in memory as well.
            self._blocks = _Blocks(AtomicDB(self._store))
            raise

    def find(self, transaction_hash: bytes) -> Mined | None:
        """Return a mined transaction, or None."""
        try:
            number, index = self._blocks.chaindb.get_transaction_index(Hash32(transaction_hash))
        except TransactionNotFound:
            return None
        block = self.block(self._blocks.get_canonical_block_header_by_number(number))
        receipts = self.receipts(block)
        before = receipts[index - 1].gas_used if index else 0
        return Mined(
            transaction=block.transactions[index],
            receipt=receipts[index],
            block=block,
            index=index,
            gas_used=receipts[index].gas_used - before,
            first_log_index=sum(len(receipt.logs) for receipt in receipts[:index]),
        )

    def state(self, header: BlockHeaderAPI) -> StateAPI:
        """Return the accounts, for reading, after the block of `header`."""
        return self._blocks.get_vm(header).state

    def call(self, call: Call, header: BlockHeaderAPI) -> bytes:
        """Run a call on the state after `header`, at the time that it is now.

        Raises:
            CallFailedError: it reverted or ran out of gas.
        """
        with self._blocks.get_vm(self._now_on(header)).in_costless_state() as state:
            computation = state.costless_execute_transaction(self._unsigned(call, state))
        if computation.is_error:
            raise CallFailedError(bytes(computation.output))
        return bytes(computation.output)

    def estimate_gas(self, call: Call, header: BlockHeaderAPI) -> int:
        """Return a gas limit with which the call succeeds, after binary search.

        Raises:
            CallFailedError: it fails with any amount of gas.
        """
        self.call(call, header)
        now = self._now_on(header)
        with self._blocks.get_vm(now).in_costless_state() as state:
            return int(self._blocks.gas_estimator(state, self._unsigned(call, state)))

    def _now_on(self, header: BlockHeaderAPI) -> BlockHeaderAPI:
        # A call runs in a block after this header, which py-evm puts at least a second later.
        now = max(header.timestamp, int(self._clock()))
        return header.copy(timestamp=now - 1, gas_used=0)

    def _unsigned(self, call: Call, state: StateAPI) -> SignedTransactionAPI:
        transaction = self._blocks.create_unsigned_transaction(
            nonce=state.get_nonce(call.sender),
            gas_price=0,
            gas=call.gas,
            to=call.to,
            value=call.value_wei,
            data=call.data,
        )
        # A spoofed transaction answers as a signed one does, but is not typed as one.
        return cast("SignedTransactionAPI", SpoofTransaction(transaction, from_=call.sender))
