"""Archives that nobody would write by accident: refused in one way, and nothing is written."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sandbox.image_descriptions import (
    Config,
    DockerImage,
    ImageManifest,
    Index,
    document,
)
from gridle.worker.sandbox.tar_listing import TarError, list_files, read_member
from tests.rigs.sandbox_archive import (
    CONFIG,
    IMAGE_SHA256,
    LAYER,
    blob_name,
    docker_files,
    manifest_of,
    oci_files,
    regular,
    special,
    write_files,
    write_tar,
)

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
FILES = docker_files() | oci_files()
PARTS = ["manifest.json", "index.json", blob_name(CONFIG), blob_name(manifest_of(CONFIG, LAYER))]
NAMES = st.one_of(
    st.sampled_from(
        [
            "..",
            "../x",
            "/etc/passwd",
            "a/../../x",
            ".",
            "./",
            "",
            "x/",
            "//",
            "C:\\x",
            "a\\b",
            "\x00",
        ]
    ),
    st.sampled_from(list(FILES)),
    st.text(max_size=120),
)
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE,
     tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, tarfile.XHDTYPE,
     tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE,
     b"V", b"M", b"\xff"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["manifests", "layers", "Config", "config", "digest", "rootfs", "urls"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def is_refused(archive: Path) -> bool:
    before = sorted(archive.parent.iterdir())
    try:
        check_image_archive(archive, IMAGE_SHA256)
    except InvalidInputError:
        return True
    finally:
        assert sorted(archive.parent.iterdir()) == before
    return False


@SHARED
@given(
    name=NAMES, kind=KINDS, target=NAMES, layout=st.sampled_from([0, 1, 2]), at=st.integers(0, 9)
)
def test_one_strange_member_is_refused_or_changes_nothing(
    tmp_path: Path, name: str, kind: bytes, target: str, layout: int, at: int
) -> None:
    members = [regular(each, data) for each, data in FILES.items()]
    members.insert(at, special(name, kind, target))
    path = tmp_path / "image.tar"
    try:
        write_tar(path, members, layout)
    except (ValueError, UnicodeEncodeError):
        return  # not even a tar
    if is_refused(path):
        return
    found = list_files(path)
    assert {each: read_member(path, found[each], 2**20) for each in FILES} == FILES


@SHARED
@given(data=st.data())
def test_changed_bytes_anywhere_are_refused_or_harmless(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = write_files(tmp_path / "image.tar", FILES)
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    if is_refused(path):
        return
    found = list_files(path)
    for name in (blob_name(CONFIG), blob_name(LAYER)):
        assert read_member(path, found[name], 2**20) == FILES[name]


@SHARED
@given(cut_at=st.integers(0, 20_000))
def test_any_beginning_is_refused_or_whole(tmp_path: Path, cut_at: int) -> None:
    path = write_files(tmp_path / "image.tar", FILES)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut_at])
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        ends_at = max(each.offset_data + each.size for each in tar.getmembers())
    assert is_refused(path) or cut_at >= ends_at


@SHARED
@given(part=st.sampled_from(PARTS), value=JSON)
def test_any_description_is_read_or_refused(tmp_path: Path, part: str, value: object) -> None:
    said = json.dumps(value).encode("utf-8", "surrogatepass")
    assert is_refused(write_files(tmp_path / "image.tar", FILES | {part: said}))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_description_or_refused(data: bytes) -> None:
    for kind in (Config, ImageManifest, Index, tuple[DockerImage, ...]):
        with pytest.raises(TarError):
            document(data, kind)


@pytest.mark.parametrize(
    "number",
    [
        b"\x80" + bytes(10) + b"\x01",
        b"\xff" * 12,
        b"\x0000000000000",
        b"\x00\x000000000001",
        b"-0000000000\x00",
        b"0_000000000\x00",
        b"0o000000000\x00",
        b" " * 12,
        b"0000000\x00001\x00",
        b"000000000000",
    ],
    ids=str,
)
def test_sizes_that_readers_may_disagree_about_are_refused(tmp_path: Path, number: bytes) -> None:
    """Each would be 0 or 1 to somebody: with such a size, one reader skips what another reads."""
    path = write_tar(tmp_path / "image.tar", [regular("x"), *map(regular, FILES, FILES.values())])
    assert not is_refused(path)
    whole = bytearray(path.read_bytes())
    whole[124:136] = number
    whole[148:156] = b" " * 8
    whole[148:156] = b"%06o\x00 " % sum(whole[:512])
    path.write_bytes(whole)
    assert is_refused(path)


def test_a_layer_that_unpacks_without_end_costs_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.sandbox.image_archive.MAX_UNPACKED_BYTES", 32 * 2**20)
    packed = gzip.compress(bytes(64 * 2**20))
    assert len(packed) < 100_000
    assert is_refused(write_files(tmp_path / "image.tar", docker_files(layer=packed)))
