"""What images say of themselves, read so strictly that no engine can read anything else.

OCI image specification 1.1 (index, manifest, configuration), Docker's manifest schema 2, and the
manifest.json of `docker save`. Fields that nobody here needs are passed over.
"""

from __future__ import annotations

import json
import re
from typing import TypeVar

import msgspec
from msgspec import Struct

from gridle.worker.sandbox.tar_listing import TarError

DIGEST = "sha256:"
MAX_LAYERS = 128
MANIFEST_TYPES = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
INDEX_TYPES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_CONFIG_TYPES = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)
_LAYER_TYPES = frozenset(
    {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    }
)
_MAX_BRACKETS = 20_000
"""A few megabytes of empty lists would become a hundred of memory."""
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")

T = TypeVar("T")


class Platform(Struct, frozen=True):
    """Which machines an image is for."""

    os: str = ""
    architecture: str = ""


class Descriptor(Struct, frozen=True):
    """What one part of an image is said to be."""

    digest: str
    size: int = 0
    mediatype: str | None = None
    urls: tuple[str, ...] | None = None
    """Where else a layer lies: engines would go there, so no layer may have any."""
    annotations: dict[str, str] | None = None
    platform: Platform | None = None

    @property
    def sha256(self) -> str:
        """The digest in hex.

        Raises:
            TarError: it is none, or of another kind.
        """
        if not _SHA256.fullmatch(self.digest):
            raise TarError("it names a part by something else than a SHA-256 digest")
        return self.digest.removeprefix(DIGEST)


class DockerImage(Struct, frozen=True):
    """An entry of manifest.json."""

    config: str
    layers: tuple[str, ...]
    repotags: tuple[str, ...] | None = None
    parent: str | None = None
    layersources: dict[str, Descriptor] | None = None


class Index(Struct, frozen=True):
    """An index of manifests."""

    manifests: tuple[Descriptor, ...]
    mediatype: str | None = None
    config: object = None
    layers: object = None


class ImageManifest(Struct, frozen=True):
    """One image for one platform."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    mediatype: str | None = None
    manifests: object = None


class _RootFs(Struct, frozen=True):
    type: str
    diff_ids: tuple[str, ...]


class Config(Struct, frozen=True):
    """An image's configuration, as far as it names layers."""

    rootfs: _RootFs


def check_index(index: Index) -> None:
    """Refuse an index that another reader could take for an image.

    Raises:
        TarError: for that reason.
    """
    parts = (index.config, index.layers)
    if parts != (None, None) or index.mediatype not in {None, *INDEX_TYPES}:
        raise TarError("it can be read as two kinds of things")


def check_manifest(manifest: ImageManifest) -> None:
    """Refuse a manifest that two readers could take for two things, or whose layers lie elsewhere.

    Raises:
        TarError: for that reason.
    """
    if manifest.manifests is not None or manifest.mediatype not in {None, *MANIFEST_TYPES}:
        raise TarError("it can be read as two kinds of things")
    if manifest.config.mediatype not in {None, *_CONFIG_TYPES}:
        raise TarError("it holds something else than an image")
    if len(manifest.layers) > MAX_LAYERS:
        raise TarError("it has too many layers")
    for layer in manifest.layers:
        if layer.urls:
            raise TarError("it refers to something that is not in it")
        if layer.mediatype not in _LAYER_TYPES:
            raise TarError("a layer of it is of a kind that is not taken here, such as zstd")


def document(untrusted_bytes: bytes, kind: type[T]) -> T:
    """Read JSON strictly: no key twice, also not in another case.

    Raises:
        TarError: it cannot be read, or could be read in two ways.
    """
    if untrusted_bytes.count(b"[") + untrusted_bytes.count(b"{") > _MAX_BRACKETS:
        raise TarError("its description is too long")
    try:
        # Some Pythons' JSON reader overflows the stack on deep nesting; this one never does.
        msgspec.json.decode(untrusted_bytes)
        return msgspec.convert(json.loads(untrusted_bytes, object_pairs_hook=_once_each), kind)
    except TarError:
        raise
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise TarError("its description cannot be read") from error


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Fold the case of keys, as the engines' JSON library does, and refuse what would meet."""
    folded = {key.lower(): value for key, value in pairs}
    if len(folded) != len(pairs) or not all(key.isascii() for key in folded):
        raise TarError("its description says something twice")
    return folded
