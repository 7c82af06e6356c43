"""Where a task's module or image comes from: the market's blobs, or a registry."""

from __future__ import annotations

import platform
import random
import shutil
import threading
from pathlib import Path
from typing import Protocol

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage, Runtime, WasmRuntime
from gridle.worker.images.addresses import Resolve, resolve
from gridle.worker.images.explanations import disk_full, refused
from gridle.worker.images.plan import Plan, choose, plan_archive, read_manifest
from gridle.worker.images.pull import pull
from gridle.worker.images.registry import Registry
from gridle.worker.sandbox.image_descriptions import Platform
from gridle.worker.sandbox.port import Sandbox
from gridle.worker.sandbox.tar_listing import TarError
from gridle.worker.sources.backoff import backoff_s
from gridle.worker.sources.kept_files import Turns, make_room
from gridle.worker.sources.pace import Paces
from gridle.worker.sources.progress import Counter, OnProgress, tell_nobody

CACHE_BYTES = 8 * 2**30
_TRIES = 5
_HEADWAY_BYTES = 2**20
"""A try that brought less did not help."""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


class Blob(Protocol):
    """The market's blobs."""

    def __call__(self, sha256: Sha256, on_progress: OnProgress) -> Path:
        """Return the local copy of a blob, checked by digest (blocks).

        Raises:
            GridleError: it cannot be had now, or is not what its digest says.
        """


def blobs_of(runtime: Runtime) -> tuple[Sha256, ...]:
    """Return the market's blobs that a runtime needs; for `Source.keep`."""
    if isinstance(runtime, WasmRuntime):
        return (runtime.module_sha256,)
    return (runtime.archive_sha256,) if runtime.archive_sha256 is not None else ()


class ImageSupply:
    """Brings what sandboxes run. Half-fetched images wait in `folder`, at most `cache_bytes`.

    `allows_near`: a job may name a registry on this machine or in the owner's own network. Only
    where the market itself is there: else any requestor could have this worker look around.
    """

    def __init__(
        self,
        folder: Path,
        paces: Paces,
        blob: Blob,
        *,
        allows_near: bool,
        cache_bytes: int = CACHE_BYTES,
        resolve: Resolve = resolve,
    ) -> None:
        self._folder = folder
        self._paces = paces
        self._blob = blob
        self._allows_near = allows_near
        self._cache_bytes = cache_bytes
        self._resolve = resolve
        self._turns = Turns()
        self._closed = threading.Event()

    def prepare(
        self, sandbox: Sandbox, runtime: Runtime, on_progress: OnProgress = tell_nobody
    ) -> None:
        """Have `sandbox` ready to run `runtime`, fetching what it lacks (blocks).

        Raises:
            GridleError: it cannot be had, or is not what the manifest names.
        """
        try:
            sandbox.prepare(runtime, lambda wanted: self.fetch(wanted, on_progress))
        except InvalidInputError:
            self._drop(runtime)
            raise
        self._drop(runtime)  # the engine has it now

    def fetch(self, runtime: Runtime, on_progress: OnProgress = tell_nobody) -> Path:
        """Return the module or an archive of the image, as the digests name it (blocks).

        An archive's layers are still to be held against the image: `check_image_archive`.

        Raises:
            GridleError: it cannot be had now, or never.
        """
        if blobs := blobs_of(runtime):
            return self._blob(blobs[0], on_progress)
        if not isinstance(runtime, ContainerRuntime) or runtime.registry is None:
            raise InvalidInputError(
                "This job says of its image neither where it is nor brings it; its requestor must "
                "correct it.",
                "此作业未说明镜像的来源，也未附带镜像；需由发布者修正。",
            )
        archive = self._archive(runtime.registry)
        with self._turns.of(archive.name):
            if not archive.exists():
                self._pull_patiently(runtime.registry, runtime.image_sha256, archive, on_progress)
        return archive

    def close(self) -> None:
        """End waits between tries; transfers end with their paces."""
        self._closed.set()

    def _pull_patiently(
        self, image: RegistryImage, image_sha256: Sha256, archive: Path, on_progress: OnProgress
    ) -> None:
        draft, failures = archive.with_suffix(".part"), 0
        while True:
            had_bytes = _size(draft)
            try:
                self._pull(image, image_sha256, draft, on_progress)
                draft.replace(archive)
            except UnavailableError:
                failures = 1 if _size(draft) >= had_bytes + _HEADWAY_BYTES else failures + 1
                chance = random.random()  # noqa: S311 - jitter, no secret
                if failures >= _TRIES or self._closed.wait(backoff_s(failures, chance)):
                    raise
            else:
                return

    def _pull(
        self, image: RegistryImage, image_sha256: Sha256, draft: Path, on_progress: OnProgress
    ) -> None:
        registry = Registry(
            image.repository, self._paces, allows_near=self._allows_near, resolve=self._resolve
        )
        try:
            plan = _plan(registry, image.manifest_sha256, image_sha256)
            self._make_room(plan, draft, registry.host)
            pull(registry, plan, draft, Counter(on_progress, plan.size_bytes))
        except TarError as error:
            raise refused(registry.host, f"of its image, {error}") from error
        except OSError as error:
            raise disk_full(str(error)) from error

    def _make_room(self, plan: Plan, draft: Path, host: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if plan.size_bytes > self._cache_bytes:
            raise refused(host, "its image is larger than what the owner gives to images")
        needed_bytes = max(0, plan.size_bytes - _size(draft))
        busy = {Path(name).stem for name in self._turns.names()}
        make_room(self._folder, self._cache_bytes, needed_bytes, busy)
        if shutil.disk_usage(self._folder).free < needed_bytes:
            raise disk_full(f"it takes {needed_bytes // 2**20} MiB")

    def _archive(self, image: RegistryImage) -> Path:
        return self._folder / f"{image.manifest_sha256}.tar"

    def _drop(self, runtime: Runtime) -> None:
        if isinstance(runtime, ContainerRuntime) and runtime.registry is not None:
            self._archive(runtime.registry).unlink(missing_ok=True)


def _plan(registry: Registry, manifest_sha256: Sha256, image_sha256: Sha256) -> Plan:
    """Ask a registry what an image consists of.

    Raises:
        GridleError: it does not say, or TarError: what it says is not taken.
    """
    untrusted = registry.manifest(manifest_sha256)
    chosen = choose(untrusted, _platform())
    if chosen is not None:
        untrusted = registry.manifest(chosen)
    manifest = read_manifest(untrusted, image_sha256)
    return plan_archive(manifest, registry.config(image_sha256))


def _platform() -> Platform:
    machine = platform.machine()
    return Platform("linux", _ARCHITECTURES.get(machine, machine))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
