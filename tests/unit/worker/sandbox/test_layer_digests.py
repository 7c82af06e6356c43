from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.layer_digests import LayerDigests, read_layer
from gridle.worker.sandbox.tar_listing import TarError

PLENTY = 2**30


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def unseen(_piece: bytes) -> None:
    """Nobody counts here."""


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.binary(max_size=3000), st.integers(1, 700))
def test_both_digests_are_right_however_it_comes(data: bytes, size: int) -> None:
    tar = b"tar" + data
    packed = gzip.compress(tar)
    for lies in (tar, packed):
        seen = bytearray()
        assert read_layer(cut(lies, size), PLENTY, seen.extend) == LayerDigests(
            sha256(lies), sha256(tar), len(tar)
        )
        assert seen == tar


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 100))
def test_gzip_members_follow_each_other(parts: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, parts))
    whole = b"".join(parts)
    assert read_layer(cut(packed, size), PLENTY, unseen).diff_sha256 == sha256(whole)


def test_nothing_is_a_layer_too() -> None:
    assert read_layer([], PLENTY, unseen) == LayerDigests(sha256(b""), sha256(b""), 0)


@pytest.mark.parametrize(
    "data",
    [bz2.compress(b"x"), lzma.compress(b"x"), b"\x28\xb5\x2f\xfd" + bytes(20), b"BZh"],
    ids=["bzip2", "xz", "zstd", "begin"],
)
def test_other_compressions_are_refused(data: bytes) -> None:
    with pytest.raises(TarError, match="not with gzip"):
        read_layer([data], PLENTY, unseen)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"x" * 1000)[:-1],
        gzip.compress(b"x") + b"behind",
        gzip.compress(b"x") + bytes(512),
        b"\x1f\x8b" + b"noise" * 10,
        gzip.compress(b"x")[:-8] + bytes(8),
    ],
    ids=["cut", "behind", "zeros", "noise", "checksum"],
)
def test_damage_is_refused(data: bytes) -> None:
    with pytest.raises(TarError, match=r"damaged|cut off"):
        read_layer([data], PLENTY, unseen)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for each in (data, b"\x1f\x8b\x08" + data):
        try:
            read_layer([each], PLENTY, unseen)
        except TarError:
            continue


def bomb() -> Iterator[bytes]:
    """Yield a gzip stream that never ends, a thousand times smaller than what it holds."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    while True:
        yield packer.compress(bytes(2**22))


def test_a_bomb_is_given_up_at_the_bound_in_little_memory() -> None:
    with pytest.raises(TarError, match="unpacks to more"):
        read_layer(bomb(), 64 * 2**20, unseen)
