"""The images in a container engine's store: what is there, is it what its id says, whose is it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.worker.images import image_argv as argv
from gridle.worker.images.podman_store import PodmanStore, UnreadableStoreError
from gridle.worker.sandbox.engine import Ask, Engine, Reply
from gridle.worker.sandbox.image_descriptions import DIGEST
from gridle.worker.sandbox.image_instructions import instructions

_LOAD_TIMEOUT_S = 900.0
_COMMAND_TIMEOUT_S = 60.0
_LACKING = ("no such image", "image not known", "no such object")
"""What Podman and Docker say of an image that is not there."""


@dataclass(frozen=True)
class StoredImage:
    """An image that the engine has."""

    size_bytes: int
    is_named: bool
    """Somebody gave it a name; images that we load have none."""
    instructions: tuple[str, ...] = ()
    """What it tells the container runtime to do, by name: then it must not run."""


class EngineImages:
    """Asks one machine's engine. It may come, go and change."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._stores: dict[tuple[str, str | None], PodmanStore | None] = {}

    def find(self, engine: Engine, image_sha256: Sha256) -> StoredImage | None:
        """Return the image of this id; None where there is none."""
        reply = self._ask(argv.facts_argv(engine, image_sha256), _COMMAND_TIMEOUT_S)
        if reply.status != 0:
            return None
        try:
            image_id, size, names, annotations = reply.stdout.strip().splitlines()
            if image_id.removeprefix(DIGEST) != image_sha256:
                return None
            told = tuple(instructions(annotations))
            return StoredImage(int(size), bool(json.loads(names)), told)
        except ValueError:
            return None

    def lacks(self, engine: Engine, image_sha256: Sha256) -> bool:
        """Whether the engine itself says that there is no such image; False: it may be there."""
        reply = self._ask(argv.facts_argv(engine, image_sha256), _COMMAND_TIMEOUT_S)
        said = reply.stderr.lower()
        return reply.status != 0 and any(words in said for words in _LACKING)

    def proof(self, engine: Engine, image_sha256: Sha256) -> bool | None:
        """Whether the layers under this id are the image's; None where that cannot be told.

        Docker finds an image's layers by their digests as the configuration lists them, so there
        an id is proof by itself. Podman's store is read, where it is on this machine.
        """
        if not engine.is_podman:
            return True
        store = self._store(engine)
        try:
            return store.holds(image_sha256) if store else None
        except UnreadableStoreError:
            return None

    def load(self, engine: Engine, archive: Path) -> None:
        """Load a checked archive.

        Raises:
            UnavailableError: the engine does not.
        """
        reply = self._ask(argv.load_argv(engine, archive), _LOAD_TIMEOUT_S)
        if reply.status != 0:
            raise UnavailableError(
                f"The container engine could not load an image ({reply.last_words}); "
                "check that its disk is not full.",
                f"容器引擎无法载入镜像（{reply.last_words}）；请检查其磁盘是否已满。",
            )

    def remove(self, engine: Engine, image_sha256: Sha256) -> bool:
        """Remove an image unless a container uses it; whether it is gone."""
        reply: Reply = self._ask(argv.remove_image_argv(engine, image_sha256), _COMMAND_TIMEOUT_S)
        return reply.status == 0 or self.lacks(engine, image_sha256)

    def _store(self, engine: Engine) -> PodmanStore | None:
        with self._lock:
            key = (engine.program, engine.version)
            if key not in self._stores:
                reply = self._ask(argv.store_argv(engine), _COMMAND_TIMEOUT_S)
                self._stores[key] = _read_store(reply)
            return self._stores[key]


def _read_store(reply: Reply) -> PodmanStore | None:
    lines = reply.stdout.strip().splitlines()
    if reply.status != 0 or len(lines) != len(argv.STORE_FIELDS):
        return None
    is_remote, driver, root = lines
    return None if is_remote != "false" else PodmanStore(Path(root), driver)
