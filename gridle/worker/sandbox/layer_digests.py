"""Both digests of an image's layer: of its bytes as they lie, and of the tar that they hold.

An image's configuration names its layers by the second (`rootfs.diff_ids` of the OCI image
specification). Engines recognise compression by the first bytes, whatever a description says;
so does this. Only gzip is taken: engines differ in what else they unpack.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gridle.worker.sandbox.tar_listing import TarError

_GZIP = b"\x1f\x8b"
_OTHERS = (b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""bzip2, xz, zstd and lz4, as they begin."""
_MAGIC_BYTES = 6
_GZIP_WINDOW = 31
"""zlib's word for 'a gzip header, and the largest window'."""
_STEP_BYTES = 2**20


@dataclass(frozen=True)
class LayerDigests:
    """SHA-256 of a layer as it lies, of its tar, and how large that tar is."""

    sha256: str
    diff_sha256: str
    unpacked_bytes: int


def read_layer(
    untrusted_pieces: Iterable[bytes], max_unpacked_bytes: int, see: Callable[[bytes], None]
) -> LayerDigests:
    """Read a layer once, in constant memory; `see` is shown its tar piece by piece.

    Raises:
        TarError: it is damaged, compressed in another way, or larger than `max_unpacked_bytes`.
    """
    packed, tar = hashlib.sha256(), hashlib.sha256()
    unpacked_bytes = 0
    for piece in _unpacked(_counted(untrusted_pieces, packed)):
        unpacked_bytes += len(piece)
        if unpacked_bytes > max_unpacked_bytes:
            raise TarError("it unpacks to more than a machine should hold")
        tar.update(piece)
        see(piece)
    return LayerDigests(packed.hexdigest(), tar.hexdigest(), unpacked_bytes)


def _counted(pieces: Iterable[bytes], sha256: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        sha256.update(piece)
        yield piece


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    while len(start) < _MAGIC_BYTES and (piece := next(pieces, b"")):
        start += piece
    if start.startswith(_OTHERS):
        raise TarError("a layer of it is compressed, but not with gzip")
    if start.startswith(_GZIP):
        yield from _gunzipped(_chained(start, pieces))
    else:
        yield from _chained(start, pieces)


def _chained(start: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from pieces


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip members hold, one after the other and nothing behind them (RFC 1952)."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP_WINDOW)
                yield unpacker.decompress(rest, _STEP_BYTES)
                rest = unpacker.unconsumed_tail or unpacker.unused_data
        while not unpacker.eof and (more := unpacker.decompress(b"", _STEP_BYTES)):
            yield more
    except zlib.error as error:
        raise TarError("a layer of it is damaged") from error
    if not unpacker.eof:
        raise TarError("a layer of it is cut off")
