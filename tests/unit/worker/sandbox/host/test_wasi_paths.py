from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.worker.sandbox.host import wasi_errno
from gridle.worker.sandbox.host.wasi_errno import GuestBroken
from tests.rigs.guest import (
    CREATE,
    DIRECTORY,
    EXCLUSIVE,
    IN,
    OUT,
    READ,
    TRUNCATE,
    WRITE,
    Guest,
    error_of,
)


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    made = Guest(tmp_path)
    (tmp_path / "in" / "data").write_text("forty-two")
    (tmp_path / "out" / "old").write_text("old")
    return made


@pytest.mark.parametrize(
    ("folder", "path", "how", "rights", "error"),
    [
        (IN, "data", 0, READ, 0),
        (IN, "data", 0, WRITE, wasi_errno.ROFS),
        (IN, "data", TRUNCATE, READ, wasi_errno.ROFS),
        (IN, "data", CREATE, READ, wasi_errno.ROFS),
        (IN, "none", 0, READ, wasi_errno.NOENT),
        (IN, "none", 0, WRITE, wasi_errno.NOENT),
        (IN, "data", DIRECTORY, READ, wasi_errno.NOTDIR),
        (IN, "none", DIRECTORY, READ, wasi_errno.NOENT),
        (IN, ".", DIRECTORY, READ, 0),
        (IN, ".", CREATE, READ, wasi_errno.ISDIR),
        (IN, "data/x", 0, READ, wasi_errno.NOTDIR),
        (IN, "none/x", 0, READ, wasi_errno.NOENT),
        (OUT, "old", CREATE | EXCLUSIVE, WRITE, wasi_errno.EXIST),
        (OUT, "new", CREATE | EXCLUSIVE, WRITE, 0),
        (OUT, "new", 0, WRITE, wasi_errno.NOENT),
        (OUT, ".hidden", 0, READ, wasi_errno.NOENT),
        (1, "x", 0, READ, wasi_errno.NOTDIR),
        (77, "x", 0, READ, wasi_errno.BADF),
    ],
)
def test_opening(guest: Guest, folder: int, path: str, how: int, rights: int, error: int) -> None:
    assert error_of(lambda: guest.open(folder, path, how, rights)) == error


def test_truncating_and_appending(guest: Guest, tmp_path: Path) -> None:
    guest.write(guest.open(OUT, "old", 0, WRITE, 1), "er")
    assert (tmp_path / "out" / "old").read_text() == "older"
    guest.open(OUT, "old", TRUNCATE, WRITE)
    assert (tmp_path / "out" / "old").read_text() == ""


def test_a_name_that_no_result_may_have_ends_the_guest(guest: Guest) -> None:
    for name in (".hidden", "a b", "é", "x" * 101):
        with pytest.raises(GuestBroken):
            guest.open(OUT, name, CREATE, WRITE)


def rename(guest: Guest, folder: int, name: str, to: int, to_name: str) -> int:
    first, second = guest.put(100, name), guest.put(300, to_name)
    return error_of(lambda: guest.paths.path_rename(folder, *first, to, *second))


def test_renaming_stays_in_a_folder(guest: Guest, tmp_path: Path) -> None:
    assert rename(guest, OUT, "old", OUT, "new") == 0
    assert (tmp_path / "out" / "new").read_text() == "old"
    assert rename(guest, OUT, "old", OUT, "newer") == wasi_errno.NOENT
    assert rename(guest, OUT, "new", IN, "new") == wasi_errno.XDEV
    assert rename(guest, IN, "data", IN, "new") == wasi_errno.ROFS
    with pytest.raises(GuestBroken):
        rename(guest, OUT, "new", OUT, ".hidden")


def test_removing(guest: Guest, tmp_path: Path) -> None:
    def remove(folder: int, name: str) -> int:
        return error_of(lambda: guest.paths.path_unlink_file(folder, *guest.put(100, name)))

    assert remove(IN, "data") == wasi_errno.ROFS
    assert remove(OUT, ".") == wasi_errno.ISDIR
    assert remove(OUT, "old") == 0
    assert remove(OUT, "old") == wasi_errno.NOENT
    assert (tmp_path / "in" / "data").exists()


def test_links_and_folders_are_not_made(guest: Guest, tmp_path: Path) -> None:
    old, new = guest.put(100, "old"), guest.put(300, "new")
    makes: tuple[Callable[[], None], ...] = (
        lambda: guest.paths.path_create_directory(OUT, *new),
        lambda: guest.paths.path_symlink(*old, OUT, *new),
        lambda: guest.paths.path_link(OUT, 0, *old, OUT, *new),
    )
    for make in makes:
        with pytest.raises(GuestBroken, match="plain file"):
            make()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["old"]


def test_there_are_no_links_and_folders_to_read_or_remove(guest: Guest) -> None:
    paths, old, none = guest.paths, guest.put(100, "old"), guest.put(300, "none")
    assert error_of(lambda: paths.path_readlink(OUT, *old, 0, 0, 0)) == wasi_errno.INVAL
    assert error_of(lambda: paths.path_readlink(OUT, *none, 0, 0, 0)) == wasi_errno.NOENT
    assert error_of(lambda: paths.path_remove_directory(OUT, *old)) == wasi_errno.NOTDIR
    assert error_of(lambda: paths.path_remove_directory(OUT, *none)) == wasi_errno.NOENT
    here = guest.put(500, ".")
    assert error_of(lambda: paths.path_remove_directory(OUT, *here)) == wasi_errno.NOTSUP
    assert error_of(lambda: paths.path_filestat_set_times(OUT, 0, *old, 0, 0, 0)) == 0
    assert error_of(lambda: paths.path_filestat_set_times(OUT, 0, *none, 0, 0, 0)) == (
        wasi_errno.NOENT
    )
