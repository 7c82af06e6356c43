from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridle.worker.sandbox.tar_listing import TarError, list_files, read_member
from tests.rigs.sandbox_archive import docker_files, regular, special, write_files, write_tar

LAYER_ID, OTHER_ID = "a" * 64, "b" * 64


def test_plain_files_are_found_with_their_content(tmp_path: Path) -> None:
    path = write_files(tmp_path / "a.tar", {"x": b"1" * 513, "./d/y": b"", "z": b"end"})
    found = list_files(path)
    assert {name: read_member(path, found[name], 600) for name in found} == {
        "x": b"1" * 513,
        "d/y": b"",
        "z": b"end",
    }


def test_folders_and_podmans_layer_links_are_passed_over(tmp_path: Path) -> None:
    members = [
        special("./", tarfile.DIRTYPE),
        special("blobs/", tarfile.DIRTYPE),
        special(f"{LAYER_ID}/layer.tar", tarfile.SYMTYPE, f"../{OTHER_ID}.tar"),
        regular("blobs/x", b"x"),
    ]
    assert set(list_files(write_tar(tmp_path / "a.tar", members))) == {"blobs/x"}


@pytest.mark.parametrize(
    "member",
    [
        special("manifest.json", tarfile.SYMTYPE, "other.json"),
        special(f"{LAYER_ID}/layer.tar", tarfile.SYMTYPE, "../../etc/passwd"),
        special("blobs", tarfile.SYMTYPE, "/etc"),
        special("manifest.json", tarfile.LNKTYPE, "x"),
        special("pipe", tarfile.FIFOTYPE),
        special("device", tarfile.CHRTYPE),
        regular("../x"),
        regular("/manifest.json"),
        regular("a/../manifest.json"),
        regular("a//b"),
        regular("a/"),
        regular(".hidden"),
        regular("with space"),
        regular("x"),
        regular("./x"),
    ],
    ids=lambda member: f"{member[0].name}-{member[0].type!r}-{member[0].linkname}",
)
def test_what_readers_could_see_differently_is_refused(
    tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]
) -> None:
    with pytest.raises(TarError):
        list_files(write_tar(tmp_path / "a.tar", [regular("x", b"1"), member]))


@pytest.mark.parametrize("layout", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_extended_names_are_refused(tmp_path: Path, layout: int) -> None:
    with pytest.raises(TarError, match="short names"):
        list_files(write_tar(tmp_path / "a.tar", [regular("n" * 150)], layout))


def test_a_name_in_two_fields_is_refused(tmp_path: Path) -> None:
    long_name = "/".join(["part" * 10] * 4)
    with pytest.raises(TarError, match="short names"):
        list_files(write_tar(tmp_path / "a.tar", [regular(long_name)]))


def test_damage_is_refused_and_not_taken_for_the_end(tmp_path: Path) -> None:
    path = write_files(tmp_path / "a.tar", {"x": b"1", "y": b"2"})
    whole = path.read_bytes()
    broken = {
        "empty": b"",
        "cut": whole[:700],
        "noise": b"noise" * 1000,
        "checksum": whole[:1024] + b"!" + whole[1025:],
        "gap": whole[:1024] + bytes(512) + whole[1024:],
        "compressed": gzip.compress(whole),
    }
    for name, data in broken.items():
        path.write_bytes(data)
        with pytest.raises(TarError):
            pytest.fail(f"{name}: {list_files(path)}")


def test_too_large_a_description_is_not_read(tmp_path: Path) -> None:
    path = write_files(tmp_path / "a.tar", {"x": b"12345"})
    with pytest.raises(TarError, match="too large"):
        read_member(path, list_files(path)["x"], 4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(at=st.integers(0, 4095), byte=st.integers(0, 255))
def test_any_changed_byte_is_refused_or_harmless(tmp_path: Path, at: int, byte: int) -> None:
    path = write_files(tmp_path / "a.tar", docker_files())
    names = set(docker_files())
    data = bytearray(path.read_bytes())
    data[at] = byte
    path.write_bytes(data)
    try:
        found = list_files(path)
    except TarError:
        return
    assert set(found) == names
