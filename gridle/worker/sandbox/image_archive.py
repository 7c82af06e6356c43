"""Checks an image archive before an engine loads it: the image that was named, and no names.

A name in an archive would move the owner's own tag of that name to a stranger's image. So an
archive must hold one image, by digest only: in the layout of `docker save` (manifest.json), of the
Open Container Initiative (index.json), or both at once, as newer Dockers write.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.worker.sandbox.tar_listing import Member, TarError, list_files, read_member

_MAX_NESTING = 500
_MAX_BYTES = 4 * 2**20
_DIGEST = "sha256:"
_NAME_ANNOTATIONS = ("org.opencontainers.image.ref.name", "io.containerd.image.name")

T = TypeVar("T")


class _DockerImage(Struct):
    config: str
    repotags: tuple[str, ...] | None = None


class _Descriptor(Struct):
    digest: str
    annotations: dict[str, str] | None = None


class _Index(Struct):
    manifests: tuple[_Descriptor, ...]


class _Manifest(Struct):
    config: _Descriptor


def check_image_archive(untrusted_archive: Path, image_sha256: Sha256) -> None:
    """Refuse an archive that is not exactly the image, or that brings names for it.

    Raises:
        InvalidInputError: the requestor's fault; nothing was loaded.
        UnavailableError: the file could not be read.
    """
    try:
        _check(_Archive(untrusted_archive), image_sha256)
    except TarError as error:
        raise _refused(str(error)) from error
    except OSError as error:
        raise UnavailableError(
            f"The image archive of a job could not be read ({type(error).__name__}); "
            "it will be tried again.",
            f"无法读取作业的镜像归档（{type(error).__name__}）；将重试。",
        ) from error


class _Archive:
    """The descriptions that lie in an archive, each read strictly."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, Member] = list_files(path)

    def holds(self, name: str) -> bool:
        return name in self._files

    def content(self, name: str) -> bytes:
        member = self._files.get(name)
        if member is None:
            raise TarError("a part of it is missing")
        return read_member(self._path, member, _MAX_BYTES)

    def document(self, name: str, kind: type[T]) -> T:
        return _document(self.content(name), kind)


def _check(archive: _Archive, image_sha256: Sha256) -> None:
    docker, oci = archive.holds("manifest.json"), archive.holds("index.json")
    if not docker and not oci:
        raise TarError("it holds no image")
    if docker:
        _check_docker(archive, image_sha256)
    if oci:
        _check_oci(archive, image_sha256)
    if archive.holds("repositories") and archive.document("repositories", dict[str, Any]):
        raise TarError("it brings names for its image; save it by its id")


def _check_docker(archive: _Archive, image_sha256: Sha256) -> None:
    images = archive.document("manifest.json", tuple[_DockerImage, ...])
    if len(images) != 1:
        raise TarError("it does not hold exactly one image")
    if images[0].repotags:
        raise TarError("it brings names for its image; save it by its id")
    if hashlib.sha256(archive.content(images[0].config)).hexdigest() != image_sha256:
        raise TarError("it holds another image than its manifest names")


def _check_oci(archive: _Archive, image_sha256: Sha256) -> None:
    images = archive.document("index.json", _Index).manifests
    if len(images) != 1:
        raise TarError("it does not hold exactly one image")
    named = {(images[0].annotations or {}).get(key) for key in _NAME_ANNOTATIONS}
    if named - {None, _DIGEST + image_sha256}:  # Podman names an image by its own digest
        raise TarError("it brings names for its image; save it by its id")
    digest = images[0].digest.removeprefix(_DIGEST)
    untrusted_manifest = archive.content(f"blobs/sha256/{digest}")
    if hashlib.sha256(untrusted_manifest).hexdigest() != digest:
        raise TarError("a part of it is damaged")
    if _document(untrusted_manifest, _Manifest).config.digest != _DIGEST + image_sha256:
        raise TarError("it holds another image than its manifest names")
    config = archive.content(f"blobs/sha256/{image_sha256}")
    if hashlib.sha256(config).hexdigest() != image_sha256:
        raise TarError("a part of it is damaged")


def _document(untrusted_bytes: bytes, kind: type[T]) -> T:
    # Some Pythons' JSON reader overflows the stack on deep nesting instead of saying so.
    if untrusted_bytes.count(b"[") + untrusted_bytes.count(b"{") > _MAX_NESTING:
        raise TarError("its description is too long")
    try:
        return msgspec.convert(json.loads(untrusted_bytes, object_pairs_hook=_once_each), kind)
    except TarError:
        raise
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise TarError("its description cannot be read") from error


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Fold the case of keys, as the engines' JSON library does, and refuse what would meet."""
    folded = {key.lower(): value for key, value in pairs}
    if len(folded) != len(pairs) or not all(key.isascii() for key in folded):
        raise TarError("its description says something twice")
    return folded


def _refused(why: str) -> GridleError:
    return InvalidInputError(
        f"The image archive of this job is refused: {why}. Its requestor must correct it.",
        f"此作业的镜像归档被拒绝（{why}）；需由发布者修正。",
    )
