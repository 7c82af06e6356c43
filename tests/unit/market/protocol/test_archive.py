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
