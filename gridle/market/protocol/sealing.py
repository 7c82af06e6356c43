"""Sealed jobs: from one secret of the requestor's, a key for each purpose and nothing else.

```
job key (stays with the requestor)
├── inputs       all nodes that compute a task of the job
├── task:INDEX   nodes that had a lease on that task: its checkpoints, and whose results count
└── result       X25519; its public half is the manifest's `result_key`
```

Keys are derived by keyed BLAKE2b, files are sealed by `sealed_stream.py`, single keys by
libsodium's sealed boxes (X25519, XSalsa20-Poly1305).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random

from gridle.market.protocol import ids
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sealed_stream import (
    KEY_BYTES,
    decrypt_file,
    encrypt_file,
    sealed_size,
)

_DERIVATION: Final = b"gridle job key 1"
_RESULT: Final = b"result"
_BOX_EXTRA_BYTES = 48
"""A sealed box is so much longer than what is in it (libsodium, `crypto_box_SEALBYTES`)."""


@dataclass(frozen=True)
class TaskKeys:
    """What a node is given to compute one task of a sealed job."""

    inputs: bytes = field(repr=False)
    task: bytes = field(repr=False)


class JobKey:
    """The secret of one sealed job; it never leaves the requestor's machine."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(len(secret))
        self._secret = secret
        self._result = PrivateKey(_derived(secret, _RESULT))

    @classmethod
    def new(cls, randomness: Callable[[int], bytes] = random) -> JobKey:
        """Return a fresh key."""
        return cls(randomness(KEY_BYTES))

    @property
    def secret(self) -> bytes:
        """The 32 bytes, to be stored where only their owner reads them."""
        return self._secret

    @property
    def result_key(self) -> ids.PublicKey:
        """The X25519 public key in hex to which results are sealed."""
        return bytes(self._result.public_key).hex()

    def for_task(self, index: int) -> TaskKeys:
        """Return what the node is given that computes task number `index`."""
        return TaskKeys(
            _derived(self._secret, b"inputs"), _derived(self._secret, b"task:%d" % index)
        )

    def open_result(self, untrusted_reader: BinaryIO, writer: BinaryIO, index: int) -> None:
        """Open the result of task number `index`; what was written is good only if this returns.

        Raises:
            InvalidInputError: not sealed for this job and task, changed, or cut off.
        """
        untrusted_box = untrusted_reader.read(KEY_BYTES + _BOX_EXTRA_BYTES)
        try:
            fresh = SealedBox(self._result).decrypt(untrusted_box)
        except (CryptoError, ValueError, TypeError) as error:
            raise InvalidInputError(
                "This result is not sealed for its requestor; it must be computed again.",
                "此结果并非为其需求方密封；需要重新计算。",
            ) from error
        key = _derived(self.for_task(index).task, _RESULT + fresh)
        decrypt_file(untrusted_reader, writer, key, _RESULT)

    def __repr__(self) -> str:
        return f"JobKey({self.result_key})"


def seal_input(reader: BinaryIO, writer: BinaryIO, keys: TaskKeys, name: str) -> None:
    """Seal an input file; it opens under the same name alone."""
    encrypt_file(reader, writer, keys.inputs, _input(name))


def open_input(untrusted_reader: BinaryIO, writer: BinaryIO, keys: TaskKeys, name: str) -> None:
    """Open an input file. Raises as `decrypt_file`."""
    decrypt_file(untrusted_reader, writer, keys.inputs, _input(name))


def seal_state(reader: BinaryIO, writer: BinaryIO, keys: TaskKeys, format_version: int) -> None:
    """Seal a task's saved state; it opens as the same version of the task's format alone."""
    encrypt_file(reader, writer, keys.task, _state(format_version))


def open_state(
    untrusted_reader: BinaryIO, writer: BinaryIO, keys: TaskKeys, format_version: int
) -> None:
    """Open a task's saved state. Raises as `decrypt_file`."""
    decrypt_file(untrusted_reader, writer, keys.task, _state(format_version))


def seal_result(
    reader: BinaryIO, writer: BinaryIO, keys: TaskKeys, result_key: ids.PublicKey
) -> None:
    """Seal a result: only the requestor opens it, and only a node that had the task makes it.

    The stream's key is made of a fresh one, in a box to the requestor, and of the task's: other
    nodes that have the task's key lack the first, the market lacks both.

    Raises:
        InvalidInputError: the manifest's `result_key` is no usable point of the curve.
    """
    fresh = random(KEY_BYTES)
    writer.write(sealed_box(fresh, result_key))
    encrypt_file(reader, writer, _derived(keys.task, _RESULT + fresh), _RESULT)


def sealed_result_size(plain_bytes: int) -> int:
    """Return how many bytes a result archive of `plain_bytes` has once it is sealed."""
    return KEY_BYTES + _BOX_EXTRA_BYTES + sealed_size(plain_bytes)


def sealed_box(content: bytes, untrusted_key: ids.PublicKey) -> bytes:
    """Return `content` in a box that only the owner of an X25519 key opens.

    Raises:
        InvalidInputError: the key is no usable point of the curve.
    """
    try:
        return SealedBox(PublicKey(bytes.fromhex(untrusted_key))).encrypt(content)
    except (CryptoError, ValueError, TypeError) as error:
        raise InvalidInputError(
            "A key that data was to be sealed for is not usable; nothing was sent.",
            "用于密封数据的公钥不可用；未发送任何内容。",
        ) from error


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(
        purpose, digest_size=KEY_BYTES, key=secret, person=_DERIVATION, encoder=RawEncoder
    )


def _input(name: str) -> bytes:
    return b"input:" + name.encode()


def _state(format_version: int) -> bytes:
    return b"state:%d" % format_version
