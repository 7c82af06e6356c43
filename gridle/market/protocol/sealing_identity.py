"""A node's X25519 key, to which requestors wrap the keys of its sealed tasks.

It is a key of its own, in a file beside the identity's, so that it can be replaced: once a new
one is in its place, nothing that was wrapped to the old one can be opened by anybody any more.
"""

from __future__ import annotations

import os
from pathlib import Path

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import VerifyKey

from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import LeaseId, PublicKey
from gridle.market.protocol.messages import SEALING_CONTEXT, SealingKey
from gridle.market.protocol.sealed_stream import KEY_BYTES
from gridle.market.protocol.sealing import TaskKeys, sealed_box

_WRAPPING = b"gridle lease key 1\n"


class SealingIdentity:
    """The secret half, which unwraps, and the signed public half."""

    def __init__(self, secret: bytes, identity: Identity) -> None:
        self._secret = PrivateKey(secret)
        raw = bytes(self._secret.public_key)
        self.public = SealingKey(raw.hex(), identity.sign(SEALING_CONTEXT + raw).hex())

    def unwrap(self, untrusted_wrapped: str, lease_id: LeaseId) -> TaskKeys:
        """Return the keys that were wrapped for this node and this lease.

        Raises:
            InvalidInputError: they were wrapped for somebody or something else.
        """
        start = _WRAPPING + lease_id.encode()
        try:
            opened = SealedBox(self._secret).decrypt(bytes.fromhex(untrusted_wrapped))
        except (CryptoError, ValueError, TypeError) as error:
            raise _not_for_us() from error
        keys = opened.removeprefix(start)
        if not opened.startswith(start) or len(keys) != 2 * KEY_BYTES:
            raise _not_for_us()
        return TaskKeys(keys[:KEY_BYTES], keys[KEY_BYTES:])

    def __repr__(self) -> str:
        return f"SealingIdentity({self.public.public_key})"


def wrap(keys: TaskKeys, lease_id: LeaseId, node_key: PublicKey) -> str:
    """Return a task's keys in hex, for one lease and for the owner of `node_key` alone.

    Raises:
        InvalidInputError: the key is no usable point of the curve.
    """
    return sealed_box(_WRAPPING + lease_id.encode() + keys.inputs + keys.task, node_key).hex()


def verify_sealing_key(node: PublicKey, untrusted: SealingKey) -> PublicKey:
    """Return the X25519 key that the node of this identity signed.

    Raises:
        RefusedError: it did not.
    """
    raw = bytes.fromhex(untrusted.public_key)
    try:
        VerifyKey(bytes.fromhex(node)).verify(
            SEALING_CONTEXT + raw, bytes.fromhex(untrusted.signature)
        )
    except (BadSignatureError, CryptoError, ValueError, TypeError) as error:
        raise RefusedError(
            "A node's key for sealed data is not signed by that node; it gets no keys. Tell the "
            "market's operator.",
            "某节点用于密封数据的公钥并非由该节点签名；不向其发送密钥。请告知市场运营者。",
        ) from error
    return untrusted.public_key


def load_sealing_identity(path: Path, identity: Identity, *, is_needed: bool) -> SealingIdentity:
    """Read the key at `path`, or put a new one in its place where the old one is not needed.

    Args:
        path: an owner-only file.
        identity: signs the public half.
        is_needed: whether keys that were wrapped to the present one may still be asked for. A
            damaged file is replaced all the same: it holds no memory of anything, and the
            requestors wrap their keys again.
    """
    secret = _read(path) if is_needed else None
    if secret is None:
        secret = os.urandom(KEY_BYTES)
        _write(path, secret)
    return SealingIdentity(secret, identity)


def _read(path: Path) -> bytes | None:
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (FileNotFoundError, ValueError):
        return None
    return secret if len(secret) == KEY_BYTES else None


def _write(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _not_for_us() -> InvalidInputError:
    return InvalidInputError(
        "The keys of a sealed task were not wrapped for this machine; the task cannot be "
        "computed here.",
        "密封任务的密钥并非为本机封装；无法在此计算该任务。",
    )
