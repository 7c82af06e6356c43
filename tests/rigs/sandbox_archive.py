"""Small image archives in both layouts, honest or not."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

REF_NAME = "org.opencontainers.image.ref.name"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


def digest(data: bytes) -> str:
    """Return what names these bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer_tar(content: bytes) -> bytes:
    """Return a layer that holds one file with this content."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(*_opened(regular("file", content)))
    return layer.getvalue()


def config_of(*layers: bytes) -> bytes:
    """Return the configuration of an image of these uncompressed layers."""
    diff_ids = [digest(each) for each in layers]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = {"architecture": machine, "os": "linux", "config": {}, "rootfs": rootfs}
    return json.dumps(config).encode()


def descriptor(data: bytes, media_type: str, **more: object) -> dict[str, object]:
    """Return what an index or a manifest says of a part."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)} | more


def manifest_of(config: bytes, *layers: bytes, media_type: str = LAYER_TYPE) -> bytes:
    """Return the OCI manifest of an image with these layers as they lie."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": descriptor(config, CONFIG_TYPE),
            "layers": [descriptor(each, media_type) for each in layers],
        }
    ).encode()


def docker_files(tags: object = None, layer: bytes | None = None) -> dict[str, bytes]:
    """Return what `podman save` puts into a docker-archive, with these tags."""
    entry = {"Config": f"{IMAGE_SHA256}.json", "RepoTags": tags, "Layers": ["layer.tar"]}
    return {
        "layer.tar": LAYER if layer is None else layer,
        f"{IMAGE_SHA256}.json": CONFIG,
        "manifest.json": json.dumps([entry]).encode(),
        "repositories": b"{}",
    }


def oci_files(
    annotations: dict[str, str] | None = None, manifest: bytes | None = None, *blobs: bytes
) -> dict[str, bytes]:
    """Return what `podman save --format oci-archive` writes, or with another manifest and parts."""
    if manifest is None:
        manifest, blobs = manifest_of(CONFIG, LAYER), (LAYER,)
    more = {} if annotations is None else {"annotations": annotations}
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": oci_index(manifest, **more),
    } | {blob_name(each): each for each in (CONFIG, manifest, *blobs)}


def oci_index(manifest: bytes, **more: object) -> bytes:
    """Return an index of this one manifest, of which it says more."""
    about = descriptor(manifest, MANIFEST_TYPE, **more)
    return json.dumps({"schemaVersion": 2, "manifests": [about]}).encode()


def blob_name(data: bytes) -> str:
    """Return where these bytes lie in an OCI layout."""
    return "blobs/sha256/" + digest(data).removeprefix("sha256:")


def regular(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    """Return a regular file for an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def _opened(member: tuple[tarfile.TarInfo, bytes]) -> tuple[tarfile.TarInfo, io.BytesIO]:
    return member[0], io.BytesIO(member[1])


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


LAYER = layer_tar(b"hello")
CONFIG = config_of(LAYER)
IMAGE_SHA256 = digest(CONFIG).removeprefix("sha256:")
