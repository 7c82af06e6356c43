from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.host import wasi_errno
from gridle.worker.sandbox.host.folders import Folder, is_plain_name
from gridle.worker.sandbox.host.wasi_errno import GuestBroken
from tests.rigs.guest import error_of

NOWHERE = Folder("/nowhere", "/out", writable=True)


@given(st.lists(st.sampled_from(["..", ".", "", "a", "..a", "a.b", "\0", "\\", "é"])))
def test_no_path_leads_out(parts: list[str]) -> None:
    path = "/".join(parts)
    name = "none"
    error = error_of(lambda: NOWHERE.resolve(path))
    assert error in (0, wasi_errno.NOTCAPABLE, wasi_errno.NOENT)
    if error == 0:
        name = NOWHERE.resolve(path)
        assert name in ("", *parts)
    assert "/" not in name
    assert name not in ("..", ".")


@pytest.mark.parametrize(
    ("path", "name"),
    [("a", "a"), ("./a", "a"), ("a/", "a"), ("b/../a", "a"), (".", ""), ("", ""), ("a/..", "")],
)
def test_what_a_path_means(path: str, name: str) -> None:
    assert NOWHERE.resolve(path) == name


@pytest.mark.parametrize("path", ["..", "/a", "a/../..", "../out/a", "/"])
def test_what_is_outside_is_not_there(path: str) -> None:
    assert error_of(lambda: NOWHERE.resolve(path)) == wasi_errno.NOTCAPABLE


@given(st.text(max_size=110))
def test_a_plain_name_is_one_that_a_result_may_have(name: str) -> None:
    from gridle.market.protocol.archive import _NAME  # noqa: PLC0415 - it is nobody else's

    assert is_plain_name(name) == bool(_NAME.fullmatch(name))


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "device"])
def test_only_plain_files_are_opened(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    inside = tmp_path / "in"
    inside.mkdir()
    match kind:
        case "link":
            (inside / "it").symlink_to(secret)
        case "folder":
            (inside / "it").mkdir()
        case "pipe":
            os.mkfifo(inside / "it")
        case _:
            (inside / "it").symlink_to("/dev/zero")
    folder = Folder(str(inside), "/in", writable=False)
    assert error_of(lambda: folder.open("it", os.O_RDONLY)) != 0
    assert not folder.holds("it")


def test_names_come_in_order_and_odd_ones_not_at_all(tmp_path: Path) -> None:
    for name in ("b", "a", "C", ".hidden", "é", "-x"):
        (tmp_path / name).touch()
    assert Folder(str(tmp_path), "/in", writable=False).names() == ["C", "a", "b"]


def test_nothing_but_plain_files_is_made(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    folder = Folder(str(tmp_path), "/out", writable=True)
    assert error_of(lambda: folder.refuse_kind("there")) == wasi_errno.EXIST
    assert error_of(lambda: folder.refuse_kind("")) == wasi_errno.EXIST
    for name in ("new", ".new", "a b"):
        with pytest.raises(GuestBroken, match="plain file"):
            folder.refuse_kind(name)
    reads = Folder(str(tmp_path), "/in", writable=False)
    assert error_of(lambda: reads.refuse_kind("new")) == wasi_errno.ROFS
