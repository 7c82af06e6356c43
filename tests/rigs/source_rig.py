"""What contract tests of sources of work share: an ear, files that are fetched, results, states."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import CheckpointRule, Manifest
from gridle.market.protocol.messages import CheckpointRef, Revealed, TaskUsage
from gridle.market.protocol.sealing_identity import SealingIdentity
from gridle.worker.sources.port import Capacity, Source, SourceEvent
from tests.rigs.worker_jobs import lease_id, manifest

DEADLINE_S = 20.0
SHORT_S = 0.3
KiB = 2**10
SOME = Capacity(("wasm",), 4, 4, 2**33)
USAGE = TaskUsage(1.0, 1.0, 1)
NODE = Identity(bytes(32))
SEALING = SealingIdentity(bytes([2]) * 32, NODE)
E = TypeVar("E")


class Ear:
    """Hears events, and waits for one of a kind."""

    def __init__(self) -> None:
        self.heard: list[SourceEvent] = []
        self._news = threading.Condition()

    def take(self, event: SourceEvent) -> None:
        with self._news:
            self.heard.append(event)
            self._news.notify_all()

    def wait(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        def found() -> E | None:
            return next((e for e in self.heard if isinstance(e, kind) and fits(e)), None)

        with self._news:
            self._news.wait_for(found, DEADLINE_S)
            event = found()
        assert event is not None, self.heard
        return event


class Fetching:
    """A blob fetched by a thread of its own."""

    def __init__(self, source: Source, sha256: Sha256) -> None:
        self.path: Path | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._fetch, args=(source, sha256), daemon=True).start()

    def _fetch(self, source: Source, sha256: Sha256) -> None:
        try:
            self.path = source.blob(sha256)
        except GridleError:
            pass  # `path` stays None
        finally:
            self.ended.set()


def report_result(source: Source, folder: Path, result: bytes) -> Revealed:
    archive = folder / "result.tar"
    archive.write_bytes(result)
    revealed = Revealed(lease_id(1), hashlib.sha256(result).hexdigest(), "1" * 64, USAGE)
    source.report(revealed, archive)
    return revealed


def saving_manifest() -> Manifest:
    return msgspec.structs.replace(
        manifest(), checkpoint=CheckpointRule(format_version=1, max_bytes=1000)
    )


def state_in(folder: Path, content: bytes) -> tuple[CheckpointRef, Path]:
    file = folder / f"state-{content[:8].hex()}"
    file.write_bytes(content)
    return CheckpointRef(hashlib.sha256(content).hexdigest(), len(content)), file
