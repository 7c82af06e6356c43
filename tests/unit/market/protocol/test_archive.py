from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.archive import pack, unpack
from gridle.market.protocol.errors import InvalidInputError

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
FILES = st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6)


@given(FILES)
def test_what_is_packed_is_unpacked(files: dict[str, bytes]) -> None:
    assert unpack(pack(files), max_bytes=20_000, max_files=6) == files


@given(FILES)
def test_equal_files_give_equal_bytes_whatever_their_order(files: dict[str, bytes]) -> None:
    backwards = dict(reversed(files.items()))
    assert pack(files) == pack(backwards)


@given(st.binary(max_size=3000))
def test_noise_is_refused_or_read_and_never_crashes(noise: bytes) -> None:
    try:
        unpack(noise, max_bytes=1000, max_files=3)
    except InvalidInputError:
        return


@given(FILES.filter(bool), st.data())
def test_a_damaged_archive_never_crashes(files: dict[str, bytes], data: st.DataObject) -> None:
    archive = bytearray(pack(files))
    position = data.draw(st.integers(0, len(archive) - 1))
    archive[position] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(archive), max_bytes=20_000, max_files=6)
    except InvalidInputError:
        return
    assert all("/" not in name for name in found)


def _tar(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/b", ".hidden", "", "x" * 101, "a\nb"])
def test_a_name_that_is_not_plain_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        unpack(_tar(tarfile.TarInfo(name), b"x"), max_bytes=100, max_files=3)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_anything_but_a_plain_file_is_refused(kind: bytes) -> None:
    member = tarfile.TarInfo("x")
    member.type = kind
    member.linkname = "/etc/passwd"
    with pytest.raises(InvalidInputError):
        unpack(_tar(member), max_bytes=100, max_files=3)


def test_too_many_files_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="too many"):
        unpack(pack({"a": b"", "b": b""}), max_bytes=100, max_files=1)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="larger"):
        unpack(pack({"a": b"x" * 101}), max_bytes=100, max_files=1)


def _header(size: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    block = bytearray(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT))
    block[124:136], block[156:157], block[148:156] = size, kind, b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _base_256(number: int) -> bytes:
    """Return how some tars write sizes that octal digits cannot hold (GNU tar manual)."""
    return (number % 256**12 | 1 << 95).to_bytes(12, "big")


@pytest.mark.parametrize("number", [2**63, 2**70, 2**88 - 1, -1, -512, -1024, -(2**70)])
@pytest.mark.parametrize("kind", [b"0", b"\0", b"L", b"K", b"x", b"g", b"S"])
def test_an_impossible_size_is_refused(number: int, kind: bytes) -> None:
    size = _base_256(number)
    archive = pack({"0": b""})[:512] + _header(size, kind) + bytes(2048)
    with pytest.raises(InvalidInputError):
        unpack(archive, max_bytes=10_000, max_files=3)


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
def test_headers_that_change_the_next_are_refused_however_many(kind: bytes) -> None:
    one = _header(b"00000000001\0", kind) + b"a".ljust(512, b"\0")
    with pytest.raises(InvalidInputError):
        unpack(one * 2000, max_bytes=2**22, max_files=3)


def test_nothing_comes_after_the_end() -> None:
    archive = pack({"a": b"1"})
    with pytest.raises(InvalidInputError):
        unpack(archive + pack({"b": b"2"}), max_bytes=100_000, max_files=3)
    with pytest.raises(InvalidInputError):
        unpack(archive[:-1] + b"!", max_bytes=100_000, max_files=3)


def test_an_archive_without_a_whole_end_is_refused() -> None:
    for cut in (b"", b"\0", pack({"a": b"1"})[:1024], pack({"a": b"1"})[:1100]):
        with pytest.raises(InvalidInputError):
            unpack(cut, max_bytes=100_000, max_files=3)


def test_a_file_that_comes_twice_is_refused() -> None:
    one = pack({"a": b"1"})[:1024]
    with pytest.raises(InvalidInputError):
        unpack(one + one + bytes(1024), max_bytes=100_000, max_files=3)
