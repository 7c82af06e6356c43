"""What Podman's store recorded of an image when it took it in: proof that costs no process.

Podman's id of an image is the digest of its configuration, and no more: which layers belong to it
is in another file, and older Podmans (4.3 at least) do not compare them. But the store digests
each layer while it unpacks it, and keeps that (containers/storage: `layers.json`, `diff-digest`).
So an image is what its id says if its configuration has that digest, and the layers of its stack
have the digests that the configuration lists.

What is written into the store's files later, past Podman, is not seen: see
docs/decisions/0007-images.md.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct, field

from gridle.market.protocol.ids import Sha256
from gridle.worker.sandbox.image_descriptions import DIGEST, MAX_LAYERS, Config, document
from gridle.worker.sandbox.tar_listing import TarError

_MAX_LIST_BYTES = 64 * 2**20
_MAX_CONFIG_BYTES = 4 * 2**20


class _Image(Struct):
    id: str
    layer: str = ""


class _Layer(Struct):
    id: str
    parent: str = ""
    diff_digest: str = field(name="diff-digest", default="")


class UnreadableStoreError(Exception):
    """The store is not here, or not as it is known."""


@dataclass(frozen=True)
class PodmanStore:
    """A store on this machine's disk."""

    root: Path
    driver: str

    def holds(self, image_sha256: Sha256) -> bool:
        """Whether what stands under this id is that image.

        Raises:
            UnreadableStoreError: that cannot be told.
        """
        try:
            config = self._config(image_sha256)
            if hashlib.sha256(config).hexdigest() != image_sha256:
                return False
            return list(document(config, Config).rootfs.diff_ids) == self._stack(image_sha256)
        except (OSError, TarError, msgspec.MsgspecError, ValueError, KeyError) as error:
            raise UnreadableStoreError(type(error).__name__) from error

    def _config(self, image_sha256: Sha256) -> bytes:
        name = base64.b64encode(f"{DIGEST}{image_sha256}".encode()).decode()
        folder = self.root / f"{self.driver}-images" / image_sha256
        return _read(folder / f"={name}", _MAX_CONFIG_BYTES)

    def _stack(self, image_sha256: Sha256) -> list[str]:
        """Return the recorded digests of the image's layers, the lowest first.

        Raises:
            KeyError: a part of it is not recorded here.
        """
        images = msgspec.json.decode(self._list("images"), type=list[_Image])
        layers = msgspec.json.decode(self._list("layers"), type=list[_Layer])
        by_id = {each.id: each for each in layers}
        at = {each.id: each.layer for each in images}[image_sha256]
        stack: list[str] = []
        while at and len(stack) <= MAX_LAYERS:
            if not by_id[at].diff_digest:  # such as a layer of which only parts were fetched
                raise KeyError(at)
            stack.append(by_id[at].diff_digest)
            at = by_id[at].parent
        return stack[::-1]

    def _list(self, kind: str) -> bytes:
        return _read(self.root / f"{self.driver}-{kind}" / f"{kind}.json", _MAX_LIST_BYTES)


def _read(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(path.name)
    return data
