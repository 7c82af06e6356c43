"""Encrypts files in bounded memory: libsodium's secretstream, in chunks of a fixed size.

A sealed file is a mark of 16 bytes, the stream's header of 24 bytes and one or more chunks, each
17 bytes longer than its plain text. All but the last are full and tagged MESSAGE; the last is
tagged FINAL, so that a file that was cut off, lengthened or reordered does not open. What a file
is for is bound to every chunk as associated data.

Source: libsodium, `crypto_secretstream_xchacha20poly1305`.
"""

from __future__ import annotations

from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError

from gridle.market.protocol.errors import InvalidInputError

MARK = b"gridle sealed 1\n"
"""How every sealed file begins: what is to be wiped is also found by it."""
KEY_BYTES = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
CHUNK_BYTES = 2**20
"""Large, so that what sealing adds to a result fits into the market's allowance for archives."""

_HEADER_BYTES = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_CHUNK_EXTRA_BYTES = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


def sealed_size(plain_bytes: int) -> int:
    """Return how many bytes a file of `plain_bytes` has once it is sealed."""
    chunks = max(1, -(-plain_bytes // CHUNK_BYTES))
    return len(MARK) + _HEADER_BYTES + chunks * _CHUNK_EXTRA_BYTES + plain_bytes


def encrypt_file(reader: BinaryIO, writer: BinaryIO, key: bytes, context: bytes) -> None:
    """Seal everything that is left to read.

    Args:
        reader: gives the plain text; short reads are fine.
        writer: takes the sealed bytes.
        key: 32 secret bytes.
        context: what the file is for; it opens with the same context alone.
    """
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    writer.write(MARK + header)
    chunk = _take(reader, CHUNK_BYTES)
    while True:
        following = _take(reader, CHUNK_BYTES)
        tag = _MESSAGE if following else _FINAL
        writer.write(
            bindings.crypto_secretstream_xchacha20poly1305_push(state, chunk, context, tag)
        )
        if not following:
            return
        chunk = following


def decrypt_file(untrusted_reader: BinaryIO, writer: BinaryIO, key: bytes, context: bytes) -> None:
    """Open a sealed file. What was written is good only if this returns.

    Raises:
        InvalidInputError: changed, cut off, lengthened, for another key or another purpose.
    """
    head = _take(untrusted_reader, len(MARK) + _HEADER_BYTES)
    if len(head) != len(MARK) + _HEADER_BYTES or not head.startswith(MARK):
        raise _cannot_open()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, head[len(MARK) :], key)
    is_first, is_last = True, False
    while not is_last:
        untrusted_chunk = _take(untrusted_reader, CHUNK_BYTES + _CHUNK_EXTRA_BYTES)
        chunk, is_last = _pull(state, untrusted_chunk, context)
        # One plain text has one form: only the last chunk is short, and only a lone one empty.
        if not (len(chunk) == CHUNK_BYTES or (is_last and (chunk or is_first))):
            raise _cannot_open()
        writer.write(chunk)
        is_first = False
    if untrusted_reader.read(1):
        raise _cannot_open()


def _pull(
    state: bindings.crypto_secretstream_xchacha20poly1305_state,
    untrusted_chunk: bytes,
    context: bytes,
) -> tuple[bytes, bool]:
    try:
        chunk, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(
            state, untrusted_chunk, context
        )
    except (CryptoError, ValueError) as error:
        raise _cannot_open() from error
    if tag not in (_MESSAGE, _FINAL):
        raise _cannot_open()
    return chunk, tag == _FINAL


def _take(reader: BinaryIO, size: int) -> bytes:
    """Read `size` bytes, or fewer only where the file ends."""
    taken = bytearray()
    while len(taken) < size and (piece := reader.read(size - len(taken))):
        taken += piece
    return bytes(taken)


def _cannot_open() -> InvalidInputError:
    return InvalidInputError(
        "This sealed data cannot be opened: it was changed or cut off, or is meant for another "
        "key; it must be sent again.",
        "无法打开此密封数据：内容被更改或截断，或属于另一把密钥；需要重新发送。",
    )
