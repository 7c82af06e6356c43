"""Checks an image archive before an engine loads it: the image that was named, and no names.

A name in an archive would move the owner's own tag of that name to a stranger's image. So an
archive must hold one image, by digest only: in the layout of `docker save` (manifest.json), of the
Open Container Initiative (index.json), or both at once, as newer Dockers write.

The image's id is the digest of its configuration alone, and Podman (4.3 at least) takes an OCI
archive's layers without comparing them to what the configuration says. A stranger's layers would
then stand under the id of another requestor's image. So each layer is read and compared here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.worker.sandbox.image_descriptions import (
    DIGEST,
    MANIFEST_TYPES,
    MAX_LAYERS,
    Config,
    Descriptor,
    DockerImage,
    ImageManifest,
    Index,
    check_index,
    check_manifest,
    document,
)
from gridle.worker.sandbox.layer_digests import LayerDigests, read_layer
from gridle.worker.sandbox.layer_members import MemberCount
from gridle.worker.sandbox.tar_listing import (
    Member,
    TarError,
    list_files,
    member_pieces,
    read_member,
)

MAX_UNPACKED_BYTES = 16 * 2**30
"""What all layers of an image may come to: a small archive can unpack to a full disk."""
MAX_FILES = 1_000_000
"""And in as many files: each takes an inode."""
_MAX_DESCRIPTION_BYTES = 4 * 2**20
_NAME_ANNOTATIONS = ("org.opencontainers.image.ref.name", "io.containerd.image.name")


def check_image_archive(untrusted_archive: Path, image_sha256: Sha256) -> int:
    """Refuse an archive that is not exactly the image, or that brings names for it.

    Reads all of it, and returns how many bytes its layers unpack to.

    Raises:
        InvalidInputError: the requestor's fault; nothing was loaded.
        UnavailableError: the file could not be read.
    """
    try:
        return _Check(untrusted_archive, image_sha256).unpacked_bytes()
    except TarError as error:
        raise _refused(str(error)) from error
    except OSError as error:
        raise UnavailableError(
            f"The image archive of a job could not be read ({type(error).__name__}); "
            "it will be tried again.",
            f"无法读取作业的镜像归档（{type(error).__name__}）；将重试。",
        ) from error


class _Check:
    """One archive held against one image."""

    def __init__(self, path: Path, image_sha256: Sha256) -> None:
        self._path = path
        self._image_sha256 = image_sha256
        self._files: dict[str, Member] = list_files(path)
        self._read: dict[str, LayerDigests] = {}
        self._file_count = 0

    def unpacked_bytes(self) -> int:
        docker, oci = "manifest.json" in self._files, "index.json" in self._files
        if not docker and not oci:
            raise TarError("it holds no image")
        if docker:
            self._check_docker()
        if oci:
            self._check_oci()
        if "repositories" in self._files and document(
            self._content("repositories"), dict[str, object]
        ):
            raise TarError("it brings names for its image; save it by its id")
        return sum(each.unpacked_bytes for each in self._read.values())

    def _check_docker(self) -> None:
        images = document(self._content("manifest.json"), tuple[DockerImage, ...])
        if len(images) != 1:
            raise TarError("it does not hold exactly one image")
        image = images[0]
        if image.repotags:
            raise TarError("it brings names for its image; save it by its id")
        if image.parent or any(each.urls for each in (image.layersources or {}).values()):
            raise TarError("it refers to something that is not in it")
        self._check_layers(self._config(image.config), image.layers)

    def _check_oci(self) -> None:
        index = document(self._content("index.json"), Index)
        check_index(index)
        images = index.manifests
        if len(images) != 1:
            raise TarError("it does not hold exactly one image")
        named = {(images[0].annotations or {}).get(key) for key in _NAME_ANNOTATIONS}
        if named - {None, DIGEST + self._image_sha256}:  # Podman names an image by its own digest
            raise TarError("it brings names for its image; save it by its id")
        if images[0].mediatype not in MANIFEST_TYPES:
            raise TarError("it holds something else than an image")  # and engines go by this word
        untrusted_manifest = self._content(_blob(images[0]))
        if hashlib.sha256(untrusted_manifest).hexdigest() != images[0].sha256:
            raise TarError("a part of it is damaged")
        manifest = document(untrusted_manifest, ImageManifest)
        check_manifest(manifest)
        config = self._config(_blob(manifest.config))
        self._check_layers(config, [_blob(each) for each in manifest.layers])
        for each in manifest.layers:
            if self._read[_blob(each)].sha256 != each.sha256:
                raise TarError("a part of it is damaged")

    def _config(self, name: str) -> Config:
        untrusted_config = self._content(name)
        if hashlib.sha256(untrusted_config).hexdigest() != self._image_sha256:
            raise TarError("it holds another image than its manifest names")
        return document(untrusted_config, Config)

    def _check_layers(self, config: Config, names: Sequence[str]) -> None:
        diff_ids = config.rootfs.diff_ids
        if len(names) != len(diff_ids) or len(names) > MAX_LAYERS:
            raise TarError("it holds other layers than its image names, or too many")
        for name, diff_id in zip(names, diff_ids, strict=True):
            if DIGEST + self._layer(name).diff_sha256 != diff_id:
                raise TarError("it holds other layers than its image names")

    def _layer(self, name: str) -> LayerDigests:
        if name not in self._read:
            left_bytes = MAX_UNPACKED_BYTES - sum(
                each.unpacked_bytes for each in self._read.values()
            )
            pieces = member_pieces(self._path, self._member(name))
            members = MemberCount(MAX_FILES - self._file_count)
            self._read[name] = read_layer(pieces, left_bytes, members.feed)
            self._file_count += members.files
        return self._read[name]

    def _content(self, name: str) -> bytes:
        return read_member(self._path, self._member(name), _MAX_DESCRIPTION_BYTES)

    def _member(self, name: str) -> Member:
        member = self._files.get(name)
        if member is None:
            raise TarError("a part of it is missing")
        return member


def _blob(descriptor: Descriptor) -> str:
    return f"blobs/sha256/{descriptor.sha256}"


def _refused(why: str) -> GridleError:
    return InvalidInputError(
        f"The image archive of this job is refused: {why}. Its requestor must correct it.",
        f"此作业的镜像归档被拒绝（{why}）；需由发布者修正。",
    )
