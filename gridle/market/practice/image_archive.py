"""Writes a root filesystem as an image archive that any engine loads: same files, same image.

The format is the one of `docker save` (Docker Image Specification v1.2): one layer, one
configuration, one manifest. The image's id is the SHA-256 of the configuration.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_EPOCH = "1970-01-01T00:00:00Z"


class _DigestingWriter(io.RawIOBase):
    """Passes bytes on and digests them."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # tarfile only passes bytes
        self.sha256.update(data)
        return self._target.write(data)


def write_layer(source: IO[bytes], layer: Path, keeps: Callable[[str], bool]) -> str:
    """Copy a tar stream into an image layer and return the layer's SHA-256.

    Device files, files that `keeps` refuses and all times and owners' names are left out.
    """
    with layer.open("wb") as file:
        writer = _DigestingWriter(file)
        with (
            tarfile.open(fileobj=source, mode="r|") as given,
            tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as kept,
        ):
            for member in given:
                member.name = member.name.removeprefix("./").strip("/")
                if member.name in ("", ".") or member.isdev() or not keeps(member.name):
                    continue
                if member.islnk():
                    member.linkname = member.linkname.removeprefix("./")
                member.mtime = 0
                member.uname = member.gname = ""
                member.pax_headers = {}
                kept.addfile(member, given.extractfile(member) if member.isreg() else None)
    return writer.sha256.hexdigest()


def write_archive(layer: Path, layer_sha256: str, tag: str, archive: Path) -> str:
    """Write the archive that `podman load` and `docker load` take; returns the image's id."""
    config = _json(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "config": {"Env": ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"], "WorkingDir": "/"},
            "created": _EPOCH,
            "history": [{"created": _EPOCH, "comment": "Debian packages"}],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_sha256}"]},
        }
    )
    image_id = hashlib.sha256(config).hexdigest()
    layer_name = f"{layer_sha256}.tar"
    manifest = [{"Config": f"{image_id}.json", "RepoTags": [tag], "Layers": [layer_name]}]
    with tarfile.open(archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, f"{image_id}.json", config)
        _add(tar, "manifest.json", _json(manifest))
        member = tarfile.TarInfo(layer_name)
        member.size = layer.stat().st_size
        with layer.open("rb") as file:
            tar.addfile(member, file)
    return image_id


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
