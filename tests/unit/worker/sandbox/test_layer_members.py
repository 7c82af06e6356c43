from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridle.worker.sandbox.layer_members import MemberCount
from gridle.worker.sandbox.tar_listing import TarError

PLENTY = 10**6
KINDS = [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]


def tar(members: list[tuple[tarfile.TarInfo, bytes]], layout: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=layout) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    return info


def count(data: bytes, size: int = 1000, most: int = PLENTY) -> int:
    counted = MemberCount(most)
    for at in range(0, len(data), size):
        counted.feed(data[at : at + size])
    return counted.files


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=200), st.binary(max_size=1500)), max_size=6),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.integers(1, 2000),
)
def test_files_are_counted_however_long_their_names(
    files: list[tuple[str, bytes]], layout: int, size: int
) -> None:
    members = [(member(name.replace("\0", "0"), data), data) for name, data in files]
    try:
        data = tar(members, layout)
    except UnicodeEncodeError:
        return
    assert count(data, size) == len(members)


def test_folders_and_links_count_and_have_no_content() -> None:
    members = [(member(f"{number}", kind=kind), b"") for number, kind in enumerate(KINDS)]
    assert count(tar(members)) == len(KINDS)
    links = bytearray(tar([(member("x", kind=tarfile.LNKTYPE), b""), (member("y", b"1"), b"1")]))
    links[124:135] = b"00000001000"  # engines pass over this size
    links[148:156] = b" " * 8
    links[148:156] = b"%06o\0 " % sum(links[:512])
    assert count(bytes(links)) == 2


def test_what_follows_the_end_is_nobodys() -> None:
    assert count(tar([(member("x"), b"")]) + b"noise" * 1000) == 1
    assert count(bytes(1024)) == 0
    assert count(b"") == 0


def test_too_many_files_are_refused() -> None:
    data = tar([(member(str(number)), b"") for number in range(10)])
    assert count(data, most=10) == 10
    with pytest.raises(TarError, match="more files"):
        count(data, most=9)


def pax(records: dict[str, str]) -> bytes:
    info = member("x", b"12345")
    info.pax_headers = records
    return tar([(info, b"12345")])


def test_extended_attributes_are_borne_with_and_a_second_size_is_not() -> None:
    assert count(pax({"SCHILY.xattr.user.x": "\n9 size=1\n"})) == 1
    with pytest.raises(TarError, match="two sizes"):
        count(pax({"size": "0"}))


def test_old_sparse_files_are_refused() -> None:
    with pytest.raises(TarError, match="sparse"):
        count(tar([(member("x", kind=tarfile.GNUTYPE_SPARSE), b"")], tarfile.GNU_FORMAT))


@pytest.mark.parametrize(
    ("at", "field"),
    [
        (124, b"0000000008\0\0"),
        (124, b"\xff" * 12),
        (124, b"-1\0\0\0\0\0\0\0\0\0\0"),
        (148, b"0000000\0"),
    ],
)
def test_broken_headers_are_refused(at: int, field: bytes) -> None:
    block = bytearray(tar([(member("x"), b"")]))
    block[at : at + len(field)] = field
    if at != 148:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block[:512])
    with pytest.raises(TarError, match="damaged"):
        count(bytes(block))


def test_numbers_are_read_as_engines_read_them() -> None:
    block = bytearray(tar([(member("x", b"1" * 512), b"1" * 512), (member("y"), b"")]))
    for field in (b"\0 00001000 \0", b"\x80" + (512).to_bytes(11, "big"), b"1000\0garbage"):
        block[124:136] = field.ljust(12, b"\0")
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block[:512])
        assert count(bytes(block)) == 2


@settings(max_examples=300)
@given(st.binary(max_size=2000), st.integers(0, 511), st.integers(0, 255))
def test_any_bytes_are_counted_or_refused(data: bytes, at: int, byte: int) -> None:
    block = bytearray(pax({"comment": "x"}))
    block[at] = byte
    for each in (data, bytes(block)):
        try:
            count(each)
        except TarError:
            continue
