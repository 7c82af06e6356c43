# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title   PaymentHub
@license Apache-2.0
@notice  Holds payers' deposits of one token and pays them out against cumulative vouchers.

         A voucher says "payee has earned `cumulative` from payer in all, ever". Whoever submits
         it, the hub pays cumulative - claimed(payer, payee) to the payee, first from what is
         locked for the pair, then from the payer's free balance. Where the cover is short it
         pays what there is; the same voucher pays the rest once there is more cover. A voucher
         can neither be redirected (the payee is signed) nor replayed (claimed only grows).

         A voucher is signed by the payer, by a delegate within its cap and before its expiry,
         or by a payer contract (ERC-1271). All that takes cover away from payees (leaving,
         unlocking, shrinking a delegate) waits for EXIT_DELAY seconds, in which vouchers
         still pay. The token must be plain: no fees on transfer, no rebasing.

         While a delegate is live (not expired, its cap not spent), the free balance is its
         cover alone: there is no second delegate, the payer locks nothing, and vouchers that
         the payer signs itself draw only on what is locked for the pair. So whoever works on
         the delegate's word knows what it may count on; the payer leaves by request_exit.
"""

interface Token:
    def transferFrom(sender: address, to: address, amount: uint256) -> bool: nonpayable
    def receiveWithAuthorization(
        sender: address,
        to: address,
        amount: uint256,
        valid_after: uint256,
        valid_before: uint256,
        nonce: bytes32,
        v: uint8,
        r: bytes32,
        s: bytes32,
    ): nonpayable

struct Redemption:
    payer: address
    payee: address
    cumulative: uint256
    v: uint8
    r: bytes32
    s: bytes32

struct Delegation:
    cap: uint256
    spent: uint256
    expiry: uint256
    has_pending: bool
    # As it is stored, so that it need not be read again to be changed.
    packed: uint256

event Deposited:
    payer: indexed(address)
    amount: uint256

event Locked:
    payer: indexed(address)
    payee: indexed(address)
    amount: uint256

event Unlocked:
    payer: indexed(address)
    payee: indexed(address)
    amount: uint256

event Redeemed:
    payer: indexed(address)
    payee: indexed(address)
    signer: indexed(address)
    amount: uint256
    claimed: uint256

event DelegateAppointed:
    payer: indexed(address)
    delegate: indexed(address)
    cap: uint256
    expiry: uint256
    effective_at: uint256

event ExitRequested:
    payer: indexed(address)
    exit_at: uint256

event ExitCancelled:
    payer: indexed(address)

event Withdrawn:
    payer: indexed(address)
    amount: uint256

NAME: constant(String[17]) = "Gridle PaymentHub"
VERSION: constant(String[1]) = "1"
DOMAIN_TYPEHASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
VOUCHER_TYPEHASH: constant(bytes32) = keccak256(
    "Voucher(address payer,address payee,uint256 cumulative)"
)
APPOINTMENT_TYPEHASH: constant(bytes32) = keccak256(
    "Appointment(address payer,address delegate,uint256 cap,uint256 expiry,uint256 nonce)"
)
# Half of the order of secp256k1: a signature with a larger s is the malleated twin of one with
# a smaller s (EIP-2).
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)
ERC1271_MAGIC: constant(bytes4) = 0x1626ba7e
# A payer contract may not burn a relayer's gas without bound.
ERC1271_GAS: constant(uint256) = 150_000
MAX_BATCH: constant(uint256) = 128
# Amounts fit 96 bits, so that a delegation (cap, spent, expiry) fits one slot.
MAX_UNITS: constant(uint256) = 2**96 - 1
MAX_EXPIRY: constant(uint256) = 2**40 - 1
LOW_128: constant(uint256) = 2**128 - 1

TOKEN: immutable(address)
EXIT_DELAY: immutable(uint256)
# The domain separator is kept for the chain of deployment and made anew after a chain split.
HOME_CHAIN: immutable(uint256)
HOME_SEPARATOR: immutable(bytes32)

# Free deposit of each payer.
_balances: HashMap[address, uint256]
# payer -> payee -> claimed (low 128 bits) | locked (high 128 bits)
_pairs: HashMap[address, HashMap[address, uint256]]
# payer -> delegate -> cap (96 bits) | spent (96) << 96 | expiry (40) << 192 | pending (1) << 232
_delegations: HashMap[address, HashMap[address, uint256]]
# payer -> delegate -> cap (96 bits) | expiry (40) << 96 | effective at (64) << 136
_pending: HashMap[address, HashMap[address, uint256]]
# payer -> whom it appointed last; no other delegate of that payer is live, now or later.
_bound_to: HashMap[address, address]
_appointment_nonces: HashMap[address, uint256]
_exits: HashMap[address, uint256]


@deploy
def __init__(token: address, exit_delay_s: uint256):
    assert token.is_contract, "the token is no contract"
    assert exit_delay_s > 0 and exit_delay_s <= 365 * 86400, "unreasonable exit delay"
    TOKEN = token
    EXIT_DELAY = exit_delay_s
    HOME_CHAIN = chain.id
    HOME_SEPARATOR = self._make_separator()


# Deposits and locks


@external
@nonreentrant
def deposit(amount: uint256):
    """
    @notice Add to the caller's free balance; the caller has approved the hub at the token.
            Fresh money always stays for a whole EXIT_DELAY: a running exit is cancelled.
    """
    self._credit(msg.sender, amount)
    assert extcall Token(TOKEN).transferFrom(
        msg.sender, self, amount, default_return_value=True
    ), "the token refused"


@external
@nonreentrant
def deposit_with_authorization(
    payer: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Deposit what `payer` signed over to the hub (EIP-3009); the payer needs no gas.
    """
    self._credit(payer, amount)
    extcall Token(TOKEN).receiveWithAuthorization(
        payer, self, amount, valid_after, valid_before, nonce, v, r, s
    )


@external
@nonreentrant
def lock(payee: address, amount: uint256):
    """
    @notice Bind part of the caller's free balance to one payee; it comes back only by
            request_exit and unlock. A lock is a promise, so a running exit is cancelled.
            Not while a delegate is live, who counts on the whole free balance.
    """
    assert not self._has_live_delegate(msg.sender), "a delegate signs for this deposit"
    free: uint256 = self._balances[msg.sender]
    assert amount > 0 and amount <= free, "nothing to lock"
    pair: uint256 = self._pairs[msg.sender][payee]
    locked: uint256 = (pair >> 128) + amount
    assert locked <= LOW_128, "too much is locked"
    self._cancel_exit(msg.sender)
    self._balances[msg.sender] = free - amount
    self._pairs[msg.sender][payee] = (locked << 128) | (pair & LOW_128)
    log Locked(payer=msg.sender, payee=payee, amount=amount)


# Delegates


@external
@nonreentrant
def appoint(delegate: address, cap: uint256, expiry: uint256):
    """
    @notice Let `delegate` sign the caller's vouchers up to `cap` units in all, ever, until
            `expiry`. To revoke, appoint with a cap of 0. Growing works at once; anything that
            shrinks works after EXIT_DELAY. Another delegate can be appointed once the one
            before has been revoked, has expired or has spent its cap.
    """
    self._appoint(msg.sender, delegate, cap, expiry)


@external
@nonreentrant
def appoint_with_signature(
    payer: address,
    delegate: address,
    cap: uint256,
    expiry: uint256,
    nonce: uint256,
    signature: Bytes[1024],
):
    """
    @notice Carry out the appointment that `payer` signed; anybody may bring it.
    """
    assert nonce == self._appointment_nonces[payer], "appointment is used or superseded"
    digest: bytes32 = self._appointment_digest(payer, delegate, cap, expiry, nonce)
    assert self._is_signed_by(payer, digest, signature), "not signed by the payer"
    self._appoint(payer, delegate, cap, expiry)


# Redemption


@external
@nonreentrant
def redeem(
    payer: address, payee: address, cumulative: uint256, signature: Bytes[1024]
) -> uint256:
    """
    @notice Pay a voucher to its payee. Reverts where nothing can be paid.
    @return The amount paid, which is less than owed where the cover is short.
    """
    digest: bytes32 = self._voucher_digest(payer, payee, cumulative)
    signer: address = self._recover_bytes(digest, signature)
    if signer != payer and not self._can_sign(payer, signer):
        assert self._is_signed_by_contract(payer, digest, signature), "not signed for the payer"
        signer = payer
    paid: uint256 = self._pay(payer, payee, cumulative, signer)
    assert paid > 0, "nothing to pay"
    return paid


@external
@nonreentrant
def redeem_many(vouchers: DynArray[Redemption, MAX_BATCH]) -> uint256:
    """
    @notice Pay many vouchers; those that are invalid, paid already, uncovered or refused by
            the token are skipped. Vouchers signed by payer contracts go through `redeem`.
    @return The sum of what was paid; a Redeemed event tells each part.
    """
    total: uint256 = 0
    for voucher: Redemption in vouchers:
        signer: address = self._recover(
            self._voucher_digest(voucher.payer, voucher.payee, voucher.cumulative),
            voucher.v,
            voucher.r,
            voucher.s,
        )
        total += self._pay(voucher.payer, voucher.payee, voucher.cumulative, signer)
    return total


# Leaving


@external
@nonreentrant
def request_exit():
    """
    @notice Announce that the caller leaves; repeating it does not make it sooner or later.
    """
    assert self._exits[msg.sender] == 0, "already leaving"
    at: uint256 = block.timestamp + EXIT_DELAY
    self._exits[msg.sender] = at
    log ExitRequested(payer=msg.sender, exit_at=at)


@external
@nonreentrant
def cancel_exit():
    """
    @notice Stay after all.
    """
    self._cancel_exit(msg.sender)


@external
@nonreentrant
def unlock(payee: address):
    """
    @notice After the delay, free what is still locked for `payee`, to withdraw it.
    """
    self._assert_may_leave(msg.sender)
    pair: uint256 = self._pairs[msg.sender][payee]
    locked: uint256 = pair >> 128
    assert locked > 0, "nothing is locked"
    self._pairs[msg.sender][payee] = pair & LOW_128
    self._balances[msg.sender] += locked
    log Unlocked(payer=msg.sender, payee=payee, amount=locked)


@external
@nonreentrant
def withdraw() -> uint256:
    """
    @notice After the delay, take out the free balance; this ends the exit.
    @return The amount taken out.
    """
    self._assert_may_leave(msg.sender)
    amount: uint256 = self._balances[msg.sender]
    assert amount > 0, "nothing to withdraw"
    self._exits[msg.sender] = 0
    self._balances[msg.sender] = 0
    assert self._transfer_out(msg.sender, amount), "the token refused"
    log Withdrawn(payer=msg.sender, amount=amount)
    return amount


# Views


@view
@external
def token() -> address:
    """
    @notice The only token that this hub holds.
    """
    return TOKEN


@view
@external
def exit_delay() -> uint256:
    """
    @notice Seconds between asking to leave and leaving.
    """
    return EXIT_DELAY


@view
@external
def balance_of(payer: address) -> uint256:
    """
    @notice The payer's free balance; locked parts are not in it.
    """
    return self._balances[payer]


@view
@external
def claimed(payer: address, payee: address) -> uint256:
    """
    @notice What the pair has been paid in all, ever.
    """
    return self._pairs[payer][payee] & LOW_128


@view
@external
def locked(payer: address, payee: address) -> uint256:
    """
    @notice What of the payer's deposit is bound to this payee.
    """
    return self._pairs[payer][payee] >> 128


@view
@external
def delegation(payer: address, delegate: address) -> (uint256, uint256, uint256):
    """
    @return Cap, what is spent of it, and expiry, as they count now.
    """
    now: Delegation = self._current(payer, delegate)
    return (now.cap, now.spent, now.expiry)


@view
@external
def pending_delegation(payer: address, delegate: address) -> (uint256, uint256, uint256):
    """
    @return Cap and expiry to come, and from when they count; zeros where none waits.
    """
    if not self._current(payer, delegate).has_pending:
        return (0, 0, 0)
    packed: uint256 = self._pending[payer][delegate]
    return (packed & MAX_UNITS, (packed >> 96) & MAX_EXPIRY, packed >> 136)


@view
@external
def appointment_nonce(payer: address) -> uint256:
    """
    @notice The nonce that the payer's next signed appointment must carry.
    """
    return self._appointment_nonces[payer]


@view
@external
def exit_at(payer: address) -> uint256:
    """
    @notice From when the payer may withdraw; 0 where it is not leaving.
    """
    return self._exits[payer]


@view
@external
def voucher_digest(payer: address, payee: address, cumulative: uint256) -> bytes32:
    """
    @notice What a voucher's signer signs.
    """
    return self._voucher_digest(payer, payee, cumulative)


@view
@external
def appointment_digest(
    payer: address, delegate: address, cap: uint256, expiry: uint256, nonce: uint256
) -> bytes32:
    """
    @notice What a payer signs to appoint a delegate.
    """
    return self._appointment_digest(payer, delegate, cap, expiry, nonce)


@view
@external
def eip712Domain() -> (
    bytes1, String[17], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice EIP-5267.
    """
    return (0x0f, NAME, VERSION, chain.id, self, empty(bytes32), [])


# Inside: money


@internal
def _credit(payer: address, amount: uint256):
    balance: uint256 = self._balances[payer] + amount
    assert amount > 0 and balance <= MAX_UNITS, "unreasonable amount"
    self._cancel_exit(payer)
    self._balances[payer] = balance
    log Deposited(payer=payer, amount=amount)


@internal
def _pay(payer: address, payee: address, cumulative: uint256, signer: address) -> uint256:
    # The state is written before the token is called, and put back where the token refuses
    # (such as for a payee that it has frozen), so that one bad entry does not stop a batch.
    if signer == empty(address) or payee == self:
        return 0
    pair: uint256 = self._pairs[payer][payee]
    claimed: uint256 = pair & LOW_128
    goal: uint256 = min(cumulative, LOW_128)
    if goal <= claimed:
        return 0
    locked: uint256 = pair >> 128
    free: uint256 = self._balances[payer]
    amount: uint256 = min(goal - claimed, locked + free)

    delegation: uint256 = 0
    if signer != payer:
        now: Delegation = self._current(payer, signer)
        if block.timestamp > now.expiry or now.spent >= now.cap:
            return 0
        amount = min(amount, now.cap - now.spent)
        delegation = now.packed
    elif self._has_live_delegate(payer):
        amount = min(amount, locked)
    if amount == 0:
        return 0

    from_lock: uint256 = min(amount, locked)
    self._pairs[payer][payee] = ((locked - from_lock) << 128) | (claimed + amount)
    if amount > from_lock:
        self._balances[payer] = free - (amount - from_lock)
    if signer != payer:
        self._delegations[payer][signer] = delegation + (amount << 96)
    if not self._transfer_out(payee, amount):
        self._pairs[payer][payee] = pair
        self._balances[payer] = free
        if signer != payer:
            self._delegations[payer][signer] = delegation
        return 0
    log Redeemed(
        payer=payer, payee=payee, signer=signer, amount=amount, claimed=claimed + amount
    )
    return amount


@internal
def _transfer_out(to: address, amount: uint256) -> bool:
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        TOKEN,
        abi_encode(to, amount, method_id=method_id("transfer(address,uint256)")),
        max_outsize=32,
        revert_on_failure=False,
    )
    if not success:
        return False
    return len(answer) == 0 or convert(answer, uint256) == 1


@internal
def _cancel_exit(payer: address):
    if self._exits[payer] != 0:
        self._exits[payer] = 0
        log ExitCancelled(payer=payer)


@view
@internal
def _assert_may_leave(payer: address):
    at: uint256 = self._exits[payer]
    assert at != 0, "ask to leave first"
    assert block.timestamp >= at, "the exit delay is not over"


# Inside: delegates


@view
@internal
def _current(payer: address, delegate: address) -> Delegation:
    packed: uint256 = self._delegations[payer][delegate]
    now: Delegation = Delegation(
        cap=packed & MAX_UNITS,
        spent=(packed >> 96) & MAX_UNITS,
        expiry=(packed >> 192) & MAX_EXPIRY,
        has_pending=(packed >> 232) != 0,
        packed=packed,
    )
    if now.has_pending:
        pending: uint256 = self._pending[payer][delegate]
        if block.timestamp >= (pending >> 136):
            now.cap = pending & MAX_UNITS
            now.expiry = (pending >> 96) & MAX_EXPIRY
            now.has_pending = False
    return now


@view
@internal
def _can_sign(payer: address, signer: address) -> bool:
    if signer == empty(address):
        return False
    now: Delegation = self._current(payer, signer)
    return block.timestamp <= now.expiry and now.spent < now.cap


@view
@internal
def _has_live_delegate(payer: address) -> bool:
    return self._can_sign(payer, self._bound_to[payer])


@internal
def _bind(payer: address, delegate: address):
    bound: address = self._bound_to[payer]
    if bound == delegate:
        return
    if bound != empty(address):
        old: Delegation = self._current(payer, bound)
        assert block.timestamp > old.expiry or old.spent >= old.cap, "another delegate still signs"
        if old.has_pending:
            # A change that raises the cap would wake it again beside the new one.
            self._delegations[payer][bound] = old.packed ^ (1 << 232)
    self._bound_to[payer] = delegate


@internal
def _appoint(payer: address, delegate: address, cap: uint256, expiry: uint256):
    assert delegate != empty(address) and delegate != payer, "not a possible delegate"
    assert cap <= MAX_UNITS and expiry <= MAX_EXPIRY, "unreasonable cap or expiry"
    # Every appointment uses up the nonce, so that a signed one that was never submitted cannot
    # come back after the payer has changed its mind.
    self._appointment_nonces[payer] += 1
    self._bind(payer, delegate)
    now: Delegation = self._current(payer, delegate)
    is_dead: bool = block.timestamp > now.expiry or now.spent >= now.cap
    effective_at: uint256 = block.timestamp
    if is_dead or (cap >= now.cap and expiry >= now.expiry):
        self._delegations[payer][delegate] = cap | (now.spent << 96) | (expiry << 192)
    else:
        effective_at += EXIT_DELAY
        self._pending[payer][delegate] = cap | (expiry << 96) | (effective_at << 136)
        self._delegations[payer][delegate] = (
            now.cap | (now.spent << 96) | (now.expiry << 192) | (1 << 232)
        )
    log DelegateAppointed(
        payer=payer, delegate=delegate, cap=cap, expiry=expiry, effective_at=effective_at
    )


# Inside: signatures


@view
@internal
def _voucher_digest(payer: address, payee: address, cumulative: uint256) -> bytes32:
    return self._typed_digest(
        keccak256(abi_encode(VOUCHER_TYPEHASH, payer, payee, cumulative))
    )


@view
@internal
def _appointment_digest(
    payer: address, delegate: address, cap: uint256, expiry: uint256, nonce: uint256
) -> bytes32:
    return self._typed_digest(
        keccak256(abi_encode(APPOINTMENT_TYPEHASH, payer, delegate, cap, expiry, nonce))
    )


@view
@internal
def _typed_digest(struct_hash: bytes32) -> bytes32:
    separator: bytes32 = HOME_SEPARATOR
    if chain.id != HOME_CHAIN:
        separator = self._make_separator()
    return keccak256(concat(x"1901", separator, struct_hash))


@view
@internal
def _make_separator() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPEHASH, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )


@view
@internal
def _is_signed_by(who: address, digest: bytes32, signature: Bytes[1024]) -> bool:
    if self._recover_bytes(digest, signature) == who:
        return who != empty(address)
    return self._is_signed_by_contract(who, digest, signature)


@pure
@internal
def _recover_bytes(digest: bytes32, signature: Bytes[1024]) -> address:
    if len(signature) != 65:
        return empty(address)
    return self._recover(
        digest,
        convert(slice(signature, 64, 1), uint8),
        extract32(signature, 0),
        extract32(signature, 32),
    )


@pure
@internal
def _recover(digest: bytes32, v: uint8, r: bytes32, s: bytes32) -> address:
    if convert(s, uint256) > HALF_ORDER:
        return empty(address)
    return ecrecover(digest, v, r, s)


@view
@internal
def _is_signed_by_contract(who: address, digest: bytes32, signature: Bytes[1024]) -> bool:
    if not who.is_contract:
        return False
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        who,
        abi_encode(digest, signature, method_id=ERC1271_MAGIC),
        max_outsize=32,
        gas=ERC1271_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and extract32(answer, 0) == convert(
        ERC1271_MAGIC, bytes32
    )
