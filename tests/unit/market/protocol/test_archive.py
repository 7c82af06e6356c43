from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.archive import is_plain_name, pack, unpack
from gridle.market.protocol.errors import InvalidInputError

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(is_plain_name)
FILES = st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6).filter(
    lambda files: len({name.lower() for name in files}) == len(files)
)


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
    assert pack(found) == bytes(archive)  # the damage was to a content


def _tar(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "",
        "x" * 101,
        "a\nb",
        "CON",
        "nul.txt",
        "Com1.a",
        "ends.",
        "-rf",
        "a b",
        "\u202ea",
    ],
)
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


def test_a_name_that_is_not_plain_is_not_packed() -> None:
    with pytest.raises(InvalidInputError):
        pack({"aux.log": b""})


def test_two_names_that_are_one_on_some_systems_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        pack({"a.txt": b"", "A.TXT": b""})


def _with_size(size: int) -> bytes:
    """Return an archive whose header says a size as old GNU tar wrote large ones, sum and all."""
    header = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" + (size % 2**88).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(10240 - 512)


@pytest.mark.parametrize("size", [-1, -512, -1024, 2**60])
def test_sizes_that_make_readers_go_round_are_refused(size: int) -> None:
    with pytest.raises(InvalidInputError):
        unpack(_with_size(size), max_bytes=10**6, max_files=3)


@pytest.mark.parametrize("layout", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_headers_that_readers_read_differently_are_refused(layout: int) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"path": "../../up", "GNU.sparse.realsize": "1099511627776"}
        member.mode = 0o644
        archive.addfile(member)
        long = tarfile.TarInfo("x" * 200)
        archive.addfile(long)
    with pytest.raises(InvalidInputError):
        unpack(buffer.getvalue(), max_bytes=10**6, max_files=3)


@pytest.mark.parametrize("kept", [511, 512, 1023, 5000, 10239])
def test_a_cut_archive_is_refused(kept: int) -> None:
    with pytest.raises(InvalidInputError):
        unpack(pack({"a": b"x" * 1000})[:kept], max_bytes=10**6, max_files=3)


def test_more_after_the_end_is_refused() -> None:
    once = pack({"a": b"x"})
    with pytest.raises(InvalidInputError):
        unpack(once + once, max_bytes=10**6, max_files=3)
