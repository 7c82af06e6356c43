# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title   PracticeToken
@license Apache-2.0
@notice  Play money with the interface of a USDC-like token: ERC-20, EIP-3009 and EIP-5267.
         Its owner mints as much as practice needs; it is worth nothing.
"""

from ethereum.ercs import IERC20

implements: IERC20

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

event AuthorizationUsed:
    authorizer: indexed(address)
    nonce: indexed(bytes32)

event AuthorizationCanceled:
    authorizer: indexed(address)
    nonce: indexed(bytes32)

name: public(constant(String[13])) = "Practice USD"
symbol: public(constant(String[4])) = "pUSD"
version: public(constant(String[1])) = "1"
decimals: public(constant(uint8)) = 6

DOMAIN_TYPEHASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
TRANSFER_TYPEHASH: constant(bytes32) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_TYPEHASH: constant(bytes32) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_TYPEHASH: constant(bytes32) = keccak256(
    "CancelAuthorization(address authorizer,bytes32 nonce)"
)
# Half of the order of secp256k1: a signature with a larger s is the malleated twin of one with
# a smaller s (EIP-2).
HALF_ORDER: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)

OWNER: public(immutable(address))

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])


@deploy
def __init__():
    OWNER = msg.sender


@external
def mint(to: address, amount: uint256):
    """
    @notice Make play money. Only the owner of the practice chain can.
    """
    assert msg.sender == OWNER, "not the owner"
    assert to != empty(address), "no receiver"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice ERC-20.
    """
    self._transfer(msg.sender, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice ERC-20.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def transferFrom(sender: address, to: address, amount: uint256) -> bool:
    """
    @notice ERC-20; an allowance of the largest number never shrinks.
    """
    allowed: uint256 = self.allowance[sender][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "allowance too small"
        self.allowance[sender][msg.sender] = allowed - amount
    self._transfer(sender, to, amount)
    return True


@external
def transferWithAuthorization(
    sender: address,
    to: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice EIP-3009: anybody carries out the transfer that `sender` signed.
    """
    self._authorized(
        TRANSFER_TYPEHASH, sender, to, amount, valid_after, valid_before, nonce, v, r, s
    )


@external
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
):
    """
    @notice EIP-3009: only the receiver may carry it out, so nobody can separate the payment
            from what the receiver does with it.
    """
    assert to == msg.sender, "caller must be the payee"
    self._authorized(
        RECEIVE_TYPEHASH, sender, to, amount, valid_after, valid_before, nonce, v, r, s
    )


@external
def cancelAuthorization(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @notice EIP-3009: make a signed authorization worthless before it is used.
    """
    assert not self.authorizationState[authorizer][nonce], "authorization is used"
    struct_hash: bytes32 = keccak256(abi_encode(CANCEL_TYPEHASH, authorizer, nonce))
    self._check_signature(authorizer, struct_hash, v, r, s)
    self.authorizationState[authorizer][nonce] = True
    log AuthorizationCanceled(authorizer=authorizer, nonce=nonce)


@view
@external
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice EIP-712, by the name that wallets ask for.
    """
    return self._domain_separator()


@view
@external
def eip712Domain() -> (
    bytes1, String[13], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice EIP-5267.
    """
    return (0x0f, name, version, chain.id, self, empty(bytes32), [])


@internal
def _transfer(sender: address, to: address, amount: uint256):
    assert to != empty(address), "no receiver"
    held: uint256 = self.balanceOf[sender]
    assert held >= amount, "balance too small"
    self.balanceOf[sender] = held - amount
    self.balanceOf[to] += amount
    log Transfer(sender=sender, receiver=to, value=amount)


@internal
def _authorized(
    typehash: bytes32,
    sender: address,
    to: address,
    amount: uint256,
    valid_after: uint256,
    valid_before: uint256,
    nonce: bytes32,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    assert block.timestamp > valid_after, "authorization is not yet valid"
    assert block.timestamp < valid_before, "authorization has expired"
    assert not self.authorizationState[sender][nonce], "authorization is used"
    struct_hash: bytes32 = keccak256(
        abi_encode(typehash, sender, to, amount, valid_after, valid_before, nonce)
    )
    self._check_signature(sender, struct_hash, v, r, s)
    self.authorizationState[sender][nonce] = True
    log AuthorizationUsed(authorizer=sender, nonce=nonce)
    self._transfer(sender, to, amount)


@view
@internal
def _check_signature(signer: address, struct_hash: bytes32, v: uint8, r: bytes32, s: bytes32):
    assert convert(s, uint256) <= HALF_ORDER, "signature is malleable"
    digest: bytes32 = keccak256(concat(x"1901", self._domain_separator(), struct_hash))
    recovered: address = ecrecover(digest, v, r, s)
    assert recovered != empty(address) and recovered == signer, "invalid signature"


@view
@internal
def _domain_separator() -> bytes32:
    return keccak256(
        abi_encode(
            DOMAIN_TYPEHASH, keccak256(name), keccak256(version), chain.id, self
        )
    )
