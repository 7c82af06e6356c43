from __future__ import annotations

import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.host import wasi_errno
from gridle.worker.sandbox.host.virtual import BEGIN_NS
from tests.rigs.guest import CREATE, IN, OUT, READ, WRITE, Guest, error_of


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    made = Guest(tmp_path)
    (tmp_path / "in" / "data").write_text("forty-two")
    return made


def test_reading_from_a_position(guest: Guest) -> None:
    number = guest.open(IN, "data")
    assert guest.read(number, 5) == "forty"
    assert guest.read(number, 100) == "-two"
    assert guest.read(number, 100) == ""
    guest.files.fd_seek(number, 2**64 - 3, os.SEEK_END, 0)
    assert guest.memory.number(0, 8) == 6
    assert guest.read(number, 9) == "two"
    guest.files.fd_tell(number, 0)
    assert guest.memory.number(0, 8) == 9


def test_a_position_before_the_file_is_refused(guest: Guest) -> None:
    number = guest.open(IN, "data")
    assert error_of(lambda: guest.files.fd_seek(number, 2**64 - 1, 0, 0)) == wasi_errno.INVAL
    assert error_of(lambda: guest.files.fd_seek(number, 0, 7, 0)) == wasi_errno.INVAL
    guest.memory.write(0, bytes(8))
    assert error_of(lambda: guest.files.fd_pread(number, 0, 1, 2**63, 8)) == wasi_errno.INVAL


def test_writing_and_appending(guest: Guest, tmp_path: Path) -> None:
    number = guest.open(OUT, "made", CREATE, READ | WRITE)
    assert guest.write(number, "abc") == 3
    guest.files.fd_seek(number, 0, os.SEEK_SET, 0)
    guest.files.fd_fdstat_set_flags(number, 1)
    guest.write(number, "d")
    guest.files.fd_sync(number)
    guest.files.fd_filestat_set_size(number, 6)
    assert (tmp_path / "out" / "made").read_bytes() == b"abcd\0\0"
    guest.files.fd_filestat_set_size(number, 2)
    guest.files.fd_close(number)
    assert (tmp_path / "out" / "made").read_bytes() == b"ab"
    assert error_of(lambda: guest.write(number, "x")) == wasi_errno.BADF


def test_no_room_is_promised(guest: Guest, tmp_path: Path) -> None:
    number = guest.open(OUT, "made", CREATE, READ | WRITE)
    assert error_of(lambda: guest.files.fd_allocate(number, 0, 4)) == wasi_errno.NOTSUP
    assert error_of(lambda: guest.files.fd_allocate(99, 0, 4)) == wasi_errno.BADF
    assert (tmp_path / "out" / "made").read_bytes() == b""


def test_what_was_opened_for_reading_is_not_written(guest: Guest) -> None:
    assert error_of(lambda: guest.write(guest.open(IN, "data"), "x")) == wasi_errno.BADF


def test_a_stream_takes_words_and_gives_none(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    guest = Guest(tmp_path, stream=writer)
    assert guest.read(0, 10) == ""
    assert guest.write(1, "out ") == 4
    assert guest.write(2, "err") == 3
    assert os.read(reader, 100) == b"out err"
    assert error_of(lambda: guest.files.fd_seek(1, 0, 0, 0)) == wasi_errno.SPIPE
    guest.files.fd_close(1)
    assert guest.write(2, "still") == 5
    os.close(reader)
    os.close(writer)


def test_a_file_in_a_streams_place_is_a_file(guest: Guest) -> None:
    number = guest.open(IN, "data")
    guest.files.fd_renumber(number, 0)
    assert guest.read(0, 5) == "forty"
    assert error_of(lambda: guest.read(number, 5)) == wasi_errno.BADF


def test_a_folder_is_no_file(guest: Guest) -> None:
    assert error_of(lambda: guest.read(IN, 5)) == wasi_errno.ISDIR
    assert error_of(lambda: guest.write(OUT, "x")) == wasi_errno.ISDIR
    assert error_of(lambda: guest.files.fd_readdir(1, 0, 100, 0, 0)) == wasi_errno.NOTDIR


def test_folders_say_their_names(guest: Guest) -> None:
    guest.files.fd_prestat_get(OUT, 0)
    assert (guest.memory.number(0, 4), guest.memory.number(4, 4)) == (0, 4)
    guest.files.fd_prestat_dir_name(OUT, 8, 4)
    assert guest.memory.text(8, 4) == "/out"
    assert error_of(lambda: guest.files.fd_prestat_get(5, 0)) == wasi_errno.BADF
    assert error_of(lambda: guest.files.fd_prestat_get(1, 0)) == wasi_errno.BADF
    opened = guest.open(OUT, ".")
    assert error_of(lambda: guest.files.fd_prestat_get(opened, 0)) == wasi_errno.BADF


def names_in(guest: Guest, number: int, room: int) -> list[str]:
    """List a folder with so little room, as a C library does: a cut entry is asked for again."""
    names, cookie = list[str](), 0
    while True:
        guest.files.fd_readdir(number, 1000, room, cookie, 0)
        used, at = guest.memory.number(0, 4), 1000
        while 1000 + used - at >= 24:
            length = guest.memory.number(at + 16, 4)
            if at + 24 + length > 1000 + used:
                break
            names.append(guest.memory.text(at + 24, length))
            cookie = guest.memory.number(at, 8)
            at += 24 + length
        if used < room:
            return names


@pytest.mark.parametrize("room", [64, 100, 1000])
def test_a_folder_is_listed_in_order_whatever_the_room(
    guest: Guest, tmp_path: Path, room: int
) -> None:
    for name in ("z", "b" * 30, "m"):
        (tmp_path / "in" / name).touch()
    assert names_in(guest, IN, room) == [".", "..", "b" * 30, "data", "m", "z"]


def test_what_a_file_is_beside_its_bytes_is_the_same_everywhere(guest: Guest) -> None:
    number = guest.open(IN, "data")
    guest.files.fd_filestat_get(number, 0)
    opened = bytes(guest.memory.view(0, 64))
    at, length = guest.put(100, "./data")
    guest.paths.path_filestat_get(IN, 0, at, length, 0)
    assert bytes(guest.memory.view(0, 64)) == opened
    words = [int.from_bytes(opened[at : at + 8], "little") for at in range(0, 64, 8)]
    assert words[0] == 0
    assert words[2:] == [4, 1, 9, BEGIN_NS, BEGIN_NS, BEGIN_NS]
    guest.files.fd_filestat_get(1, 0)
    assert guest.memory.number(16, 1) == 0
    guest.files.fd_filestat_get(IN, 0)
    assert guest.memory.number(16, 1) == 3


def test_kinds_and_rights_are_told(guest: Guest) -> None:
    for number, kind in ((0, 0), (IN, 3), (guest.open(IN, "data"), 4)):
        guest.files.fd_fdstat_get(number, 0)
        assert guest.memory.number(0, 1) == kind
        assert guest.memory.number(8, 8) & READ
    guest.files.fd_fdstat_set_rights(0, 0, 0)
    guest.files.fd_filestat_set_times(0, 0, 0, 0)
    assert error_of(lambda: guest.files.fd_fdstat_get(99, 0)) == wasi_errno.BADF


def test_no_more_than_so_many_are_open(guest: Guest) -> None:
    count = 0
    while error_of(lambda: guest.open(IN, "data")) == 0:
        count += 1
    assert count == 48
    assert error_of(lambda: guest.open(IN, "data")) == wasi_errno.MFILE
    guest.files.fd_close(20)
    assert guest.open(IN, "data") == 20
