"""What a pulled image's archive will be, byte for byte, before its layers are here. Pure.

The layout is that of `docker save` (Docker image specification 1.2), which Podman and every Docker
load, and in which both compare each layer with the image's configuration once more. Since every
byte's place is known, an archive is written in one go and taken up wherever it broke off.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass

from gridle.market.protocol.ids import Sha256
from gridle.worker.sandbox.image_descriptions import (
    DIGEST,
    MAX_LAYERS,
    Config,
    Descriptor,
    ImageManifest,
    Index,
    Platform,
    check_index,
    check_manifest,
    document,
)
from gridle.worker.sandbox.tar_listing import BLOCK_BYTES, TarError

MAX_IMAGE_BYTES = 8 * 2**30 - 2**20
"""Also what a plain tar's fields hold."""
END = bytes(2 * BLOCK_BYTES)


@dataclass(frozen=True)
class Layer:
    """A layer's place in the archive."""

    sha256: Sha256
    size_bytes: int
    header_at: int

    @property
    def header(self) -> bytes:
        """The tar header before it."""
        return _header(_blob(self.sha256), self.size_bytes)

    @property
    def content_at(self) -> int:
        """Where its first byte lies."""
        return self.header_at + BLOCK_BYTES

    @property
    def padding(self) -> bytes:
        """What follows its last byte."""
        return bytes(-self.size_bytes % BLOCK_BYTES)

    @property
    def end_at(self) -> int:
        """Where the next member begins."""
        return self.content_at + self.size_bytes + len(self.padding)


@dataclass(frozen=True)
class Plan:
    """An archive: what stands before the layers, and the layers, each once."""

    start: bytes
    layers: tuple[Layer, ...]

    @property
    def size_bytes(self) -> int:
        """How large it will be."""
        return (self.layers[-1].end_at if self.layers else len(self.start)) + len(END)


def choose(untrusted_bytes: bytes, here: Platform) -> Sha256 | None:
    """Return the digest of the manifest that an index has for this machine; None for no index.

    Raises:
        TarError: it has none, or is neither index nor manifest.
    """
    if b'"manifests"' not in untrusted_bytes:
        return None
    index = document(untrusted_bytes, Index)
    check_index(index)
    for each in index.manifests:
        if each.platform is not None and each.platform == here:
            return each.sha256
    raise TarError(f"it has no image for {here.os} on {here.architecture}")


def read_manifest(untrusted_bytes: bytes, image_sha256: Sha256) -> ImageManifest:
    """Read a manifest that is to be of this image, with sizes that can be trusted as bounds.

    Raises:
        TarError: it is not, or is larger than anything taken here.
    """
    manifest = document(untrusted_bytes, ImageManifest)
    check_manifest(manifest)
    if manifest.config.sha256 != image_sha256:
        raise TarError("it holds another image than its manifest names")
    sizes = [each.size for each in manifest.layers]
    if any(size < 0 for size in sizes) or sum(sizes) > MAX_IMAGE_BYTES:
        raise TarError("it is larger than 8 GiB")
    return manifest


def plan_archive(manifest: ImageManifest, untrusted_config: bytes) -> Plan:
    """Lay out the archive of an image whose configuration's digest was checked.

    Raises:
        TarError: manifest and configuration disagree.
    """
    diff_ids = document(untrusted_config, Config).rootfs.diff_ids
    if len(diff_ids) != len(manifest.layers) or len(diff_ids) > MAX_LAYERS:
        raise TarError("it holds other layers than its image names")
    names = [_blob(each.sha256) for each in manifest.layers]
    image = {"Config": _blob(manifest.config.sha256), "RepoTags": None, "Layers": names}
    start = _member("manifest.json", json.dumps([image]).encode())
    start += _member(_blob(manifest.config.sha256), untrusted_config)
    layers: list[Layer] = []
    at = len(start)
    for each in _each_once(manifest.layers):
        layers.append(Layer(each.sha256, each.size, at))
        at = layers[-1].end_at
    return Plan(start, tuple(layers))


def _each_once(layers: tuple[Descriptor, ...]) -> tuple[Descriptor, ...]:
    """Leave out repeated layers.

    Raises:
        TarError: one is said to have two sizes.
    """
    found: dict[str, Descriptor] = {}
    for each in layers:
        if found.setdefault(each.digest, each).size != each.size:
            raise TarError("it can be read as two kinds of things")
    return tuple(found.values())


def _blob(sha256: Sha256) -> str:
    return f"blobs/{DIGEST.rstrip(':')}/{sha256}"


def _member(name: str, content: bytes) -> bytes:
    return _header(name, len(content)) + content + bytes(-len(content) % BLOCK_BYTES)


def _header(name: str, size_bytes: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size_bytes
    return info.tobuf(tarfile.USTAR_FORMAT)
