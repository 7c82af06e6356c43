"""Small image archives in both layouts, honest or not."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

LAYER = b"no real layer"
CONFIG = json.dumps({"os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
IMAGE_SHA256 = hashlib.sha256(CONFIG).hexdigest()
REF_NAME = "org.opencontainers.image.ref.name"


def docker_files(tags: object = None) -> dict[str, bytes]:
    """Return what `podman save` puts into a docker-archive, with these tags."""
    entry = {"Config": f"{IMAGE_SHA256}.json", "RepoTags": tags, "Layers": ["layer.tar"]}
    return {
        "layer.tar": LAYER,
        f"{IMAGE_SHA256}.json": CONFIG,
        "manifest.json": json.dumps([entry]).encode(),
        "repositories": b"{}",
    }


def oci_files(annotations: dict[str, str] | None = None) -> dict[str, bytes]:
    """Return what `podman save --format oci-archive` writes, with these annotations."""
    manifest = json.dumps({"config": {"digest": f"sha256:{IMAGE_SHA256}"}}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    descriptor: dict[str, object] = {"digest": f"sha256:{digest}", "size": len(manifest)}
    if annotations is not None:
        descriptor["annotations"] = annotations
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        f"blobs/sha256/{IMAGE_SHA256}": CONFIG,
        f"blobs/sha256/{digest}": manifest,
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode(),
    }


def regular(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    """Return a regular file for an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """Return a link, device or folder for an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def write_tar(
    path: Path,
    members: list[tuple[tarfile.TarInfo, bytes]],
    layout: int = tarfile.USTAR_FORMAT,
) -> Path:
    """Write these members in this order, whatever they are."""
    with tarfile.open(path, "w", format=layout) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def write_files(path: Path, files: dict[str, bytes]) -> Path:
    """Write an archive of regular files."""
    return write_tar(path, [regular(name, content) for name, content in files.items()])
