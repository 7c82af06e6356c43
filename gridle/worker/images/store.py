"""Has images ready in the engine, proven; keeps ours within a quota; touches nobody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime
from gridle.worker.images.engine_images import EngineImages, StoredImage
from gridle.worker.ledger.images import ImageRecord, ImageTable
from gridle.worker.sandbox.engine import Ask, Engine
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sandbox.image_instructions import refused
from gridle.worker.sources.kept_files import Turns

QUOTA_BYTES = 20 * 2**30


class ImageStore:
    """Images by digest in a container engine.

    Ours are those that we loaded, as `records` has them; with None, all are left where they are.
    """

    def __init__(
        self,
        ask: Ask,
        records: ImageTable | None,
        quota_bytes: int = QUOTA_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._images = EngineImages(ask)
        self._records = records
        self.quota_bytes = quota_bytes
        """The owner's, who can change it at any time; it holds from the next load."""
        self._clock = clock
        self._turns = Turns()
        self._changing = threading.Lock()
        self._held: frozenset[Sha256] = frozenset()

    def hold(self, images: frozenset[Sha256]) -> None:
        """Say which images live tasks need; none of them is evicted. Replaces what was said."""
        self._held = images

    def prepare(
        self,
        engine: Engine,
        wanted: ContainerRuntime,
        fetch: Callable[[ContainerRuntime], Path],
    ) -> None:
        """Have the image in the engine's store, proven to be what its id says.

        Raises:
            GridleError: it cannot be had, or its archive holds another image or names of images.
        """
        with self._turns.of(wanted.image_sha256):
            if not self._is_ready(engine, wanted.image_sha256):
                if wanted.archive_sha256 is None and wanted.registry is None:
                    raise _no_image()
                self._load(engine, wanted.image_sha256, fetch(wanted))
            if self._records is not None:
                self._records.used(wanted.image_sha256, self._clock())

    def check(self, engine: Engine, image_sha256: Sha256) -> None:
        """Prove once more, before a run, that the store's record still says what it must.

        Reads some files of a local Podman, and starts no process.

        Raises:
            UnavailableError: something else stands under this id.
        """
        if self._images.proof(engine, image_sha256) is False:
            raise _not_the_image(image_sha256)

    def drop(self, engine: Engine, image_sha256: Sha256 | None = None) -> tuple[Sha256, ...]:
        """Remove an image (None: every one) that is ours and no container uses; returns which."""
        with self._changing:
            chosen = [each for each in self._ours() if image_sha256 in (None, each.image_sha256)]
            return tuple(each.image_sha256 for each in chosen if self._remove(engine, each))

    def _is_ready(self, engine: Engine, image_sha256: Sha256) -> bool:
        """Whether the image is there and proven.

        One of which nothing can be told is loaded again, unless we loaded it: the engine then
        refuses if something else stands there.
        """
        found = self._images.find(engine, image_sha256)
        if found is None:
            return False
        _refuse_instructions(found)
        proof = self._images.proof(engine, image_sha256)
        if proof is False:
            raise _not_the_image(image_sha256)
        return proof is True or any(each.image_sha256 == image_sha256 for each in self._ours())

    def _load(self, engine: Engine, image_sha256: Sha256, archive: Path) -> None:
        unpacked_bytes = check_image_archive(archive, image_sha256)
        with self._changing:
            is_new = self._images.find(engine, image_sha256) is None
            if is_new:
                self._make_room(engine, unpacked_bytes)
                # Before it is there: what we load must be known as ours, whatever happens.
                self._record(image_sha256, unpacked_bytes)
            self._images.load(engine, archive)
            found = self._images.find(engine, image_sha256)
            if found is None:
                raise _wrong_image()
            if found.instructions and is_new:
                self._images.remove(engine, image_sha256)
            _refuse_instructions(found)
            if self._images.proof(engine, image_sha256) is False:
                if is_new:
                    self._images.remove(engine, image_sha256)
                raise _wrong_image()
            if is_new:
                self._record(image_sha256, max(found.size_bytes, unpacked_bytes))

    def _make_room(self, engine: Engine, needed_bytes: int) -> None:
        ours = self._ours()
        used_bytes = needed_bytes + sum(each.size_bytes for each in ours)
        busy = self._held | self._turns.names()
        for each in ours:
            if used_bytes <= self.quota_bytes:
                return
            if each.image_sha256 not in busy and self._remove(engine, each):
                used_bytes -= each.size_bytes
        if needed_bytes > self.quota_bytes:
            raise _too_large(needed_bytes, self.quota_bytes)

    def _remove(self, engine: Engine, image: ImageRecord) -> bool:
        """Remove one of ours; one that somebody has named since is no longer ours."""
        if self._records is None:
            return False
        found = self._images.find(engine, image.image_sha256)
        if found is None:
            is_gone = self._images.lacks(engine, image.image_sha256)
        else:
            is_gone = not found.is_named and self._images.remove(engine, image.image_sha256)
        if is_gone or (found is not None and found.is_named):
            self._records.forget(image.image_sha256)
        return is_gone

    def _record(self, image_sha256: Sha256, size_bytes: int) -> None:
        if self._records is not None:
            self._records.put(ImageRecord(image_sha256, size_bytes, self._clock()))

    def _ours(self) -> tuple[ImageRecord, ...]:
        return self._records.all() if self._records is not None else ()


def _refuse_instructions(found: StoredImage) -> None:
    if found.instructions:
        raise refused(list(found.instructions))


def _no_image() -> GridleError:
    return UnavailableError(
        "This task's container image is not on this machine and its job brings no archive of it; "
        "other work is taken instead.",
        "本机没有此任务的容器镜像，且其作业未附带镜像归档；将改接其他工作。",
    )


def _wrong_image() -> GridleError:
    return InvalidInputError(
        "The image archive of this job holds another image than its manifest names; "
        "its requestor must correct it.",
        "此作业的镜像归档与清单所列镜像不符；需由发布者修正。",
    )


def _too_large(needed_bytes: int, quota_bytes: int) -> GridleError:
    return UnavailableError(
        f"This job's image takes {needed_bytes >> 20} MiB, and images may take "
        f"{quota_bytes >> 20} MiB here; other work is taken instead.",
        f"此作业的镜像需要 {needed_bytes >> 20} MiB，而本机镜像限额为 {quota_bytes >> 20} MiB；"
        "将改接其他工作。",
    )


def _not_the_image(image_sha256: Sha256) -> GridleError:
    return UnavailableError(
        f"Something else stands in this machine's image store under the id {image_sha256[:12]}; "
        f"no task is run from it. Remove it with the engine's command: rmi {image_sha256[:12]}.",
        f"本机镜像库中编号 {image_sha256[:12]} 下的内容与其编号不符；不会运行该镜像。"
        f"请用容器引擎的命令 rmi {image_sha256[:12]} 将其删除。",
    )
