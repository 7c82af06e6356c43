"""Image archives: whole ones, and ones of which a single description is hostile."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sandbox.tar_listing import MAX_MEMBERS, TarError, list_files, read_member
from tests.fuzz.bounds import assert_plain, bounded
from tests.fuzz.cage import cage
from tests.rigs.sandbox_archive import IMAGE_SHA256, docker_files, oci_files

_DESCRIBED = ("manifest.json", "repositories", "index.json", "oci-layout", "manifest", "config")
"""What the first byte names: below this many, the rest of the input is that description."""


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _seeds() -> tuple[bytes, ...]:
    described = {**docker_files(), **oci_files({"io.containerd.image.name": IMAGE_SHA256})}
    manifest = json.dumps({"config": {"digest": f"sha256:{IMAGE_SHA256}"}}).encode()
    parts = {**described, "manifest": manifest, "config": b"{}"}
    wholes = (docker_files(), oci_files(), {**docker_files(), **oci_files()})
    return (
        *(b"\xff" + _tar(files) for files in wholes),
        *(bytes([kind]) + parts[name] for kind, name in enumerate(_DESCRIBED)),
    )


SEEDS = _seeds()
TOKENS = (
    b"sha256:", IMAGE_SHA256.encode(), b'"RepoTags":["a:b"],', b'"repotags"', b'"REPOTAGS":["x"]',
    b"[[[[[[[[", b'{"a":', b"\\ud800", b"\xff\xfe", b"\xef\xbb\xbf", b"9" * 40, b"../", b"null",
    b"\x80\0\0\0\x7f", b"\xff" * 12, bytes(512), b"ustar  \0", b"././@LongLink", b"layer.tar",
)  # fmt: skip


def _archive(data: bytes) -> bytes:
    kind, rest = data[:1], data[1:]
    if not kind or kind[0] >= len(_DESCRIBED):
        return rest
    name = _DESCRIBED[kind[0]]
    files = {**docker_files(), **oci_files()}
    if name == "manifest":
        digest = hashlib.sha256(rest).hexdigest()
        index = {"manifests": [{"digest": f"sha256:{digest}"}]}
        files |= {f"blobs/sha256/{digest}": rest, "index.json": json.dumps(index).encode()}
    elif name == "config":
        files[f"{IMAGE_SHA256}.json"] = rest
    else:
        files[name] = rest
    return _tar(files)


def one_input(data: bytes) -> None:
    """What is let through holds the named image, no names, and means the same to another reader."""
    with cage() as held:
        path = held.task / "image.tar"
        path.write_bytes(_archive(data))
        with bounded(path.read_bytes()), held.watched():
            try:
                check_image_archive(path, IMAGE_SHA256)
                is_good = True
            except InvalidInputError as error:
                assert_plain(str(error))
                is_good = False
            try:
                listed = list_files(path)
            except TarError:
                assert not is_good
                return
        found = {name: read_member(path, each, 2**20) for name, each in listed.items()}
        assert len(found) <= MAX_MEMBERS
        assert not any(name.startswith("/") or ".." in name.split("/") for name in found)
        _check_against_another_reader(path, found)
        if is_good:
            assert IMAGE_SHA256 in {hashlib.sha256(each).hexdigest() for each in found.values()}


def _check_against_another_reader(path: Path, found: dict[str, bytes]) -> None:
    with tarfile.open(path, "r:") as archive:
        others: dict[str, bytes] = {}
        for member in archive:
            if member.isreg():
                reader = archive.extractfile(member)
                others[member.name.removeprefix("./")] = reader.read() if reader else b""
    assert others == found
