"""Blobs by digest: fetched once, resumed where broken off, checked before anybody sees them."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol import routes
from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.bodies import Download
from gridle.worker.sources.kept_files import Turns, make_room
from gridle.worker.sources.progress import Counter, OnProgress, tell_nobody
from gridle.worker.sources.signed_http import SignedHttp

MAX_BLOB_BYTES = 4 * 2**30
CACHE_BYTES = 8 * 2**30

_log = logging.getLogger(__name__)


def _log_damage(sentence: Sentence) -> None:
    _log.warning("%s", sentence.en)


class BlobCache:
    """Checked blobs under `folder`, at most about `cache_bytes`; the longest unused go first.

    `on_damage` hears of files that the disk did not keep as they were written.
    """

    def __init__(
        self,
        folder: Path,
        http: SignedHttp,
        cache_bytes: int = CACHE_BYTES,
        on_damage: Callable[[Sentence], None] = _log_damage,
    ) -> None:
        self._folder = folder
        self._http = http
        self._cache_bytes = cache_bytes
        self._on_damage = on_damage
        self._turns = Turns()
        self._lock = threading.Lock()
        self._kept: Tally[Sha256] = Tally()

    @contextmanager
    def keep(self, digests: Iterable[Sha256]) -> Iterator[None]:
        """For the block, evict none of these: what `get` returned is still to be read."""
        wanted = tuple(digests)
        with self._lock:
            self._kept.update(wanted)
        try:
            yield
        finally:
            with self._lock:
                self._kept.subtract(wanted)
                self._kept = +self._kept

    def get(
        self,
        sha256: Sha256,
        max_bytes: int = MAX_BLOB_BYTES,
        on_progress: OnProgress = tell_nobody,
    ) -> Path:
        """Return the local copy of a blob (blocks; one download per digest at a time).

        It is digested at each use: one that the disk has damaged is set aside, and fetched again.

        Raises:
            UnavailableError: the market does not give it now, or the disk is full.
            RefusedError: what it gives is larger than `max_bytes`, or not what the digest says.
        """
        path = self._folder / sha256
        with self._turns.of(sha256):
            if not self._has(path, sha256):
                self._folder.mkdir(parents=True, exist_ok=True)
                self._fetch(sha256, path, max_bytes, on_progress)
        return path

    def forget(self, sha256: Sha256) -> None:
        """Remove the local copy of a blob and what was fetched of it so far."""
        with self._turns.of(sha256):
            for name in (sha256, f"{sha256}.part", f"{sha256}.corrupt"):
                (self._folder / name).unlink(missing_ok=True)

    def _has(self, path: Path, sha256: Sha256) -> bool:
        if not path.exists():
            return False
        if _digest(path) == sha256:
            os.utime(path)
            return True
        aside = path.replace(path.with_name(f"{sha256}.corrupt"))
        self._on_damage(
            Sentence(
                f"A stored file was damaged and set aside as {aside}; it is fetched again. Check "
                "this machine's disk if that happens more often.",
                f"一个已保存的文件损坏，已另存为 {aside}；将重新下载。若多次发生，请检查磁盘。",
            )
        )
        return False

    def _fetch(self, sha256: Sha256, path: Path, max_bytes: int, on_progress: OnProgress) -> None:
        draft = path.with_name(f"{sha256}.part")
        had_bytes = draft.stat().st_size if draft.exists() else 0
        try:
            with self._http.stream(routes.blob(sha256), had_bytes) as body:
                had_bytes = had_bytes if body.resumed else 0
                left_bytes = body.left_bytes
                self._make_room(min(left_bytes or 0, max_bytes))
                total_bytes = None if left_bytes is None else had_bytes + left_bytes
                counter = Counter(on_progress, total_bytes)
                counter.add(had_bytes)
                with draft.open("ab" if had_bytes else "wb") as file:
                    _copy(body, file, max_bytes - had_bytes, counter)
                    file.flush()
                    os.fsync(file.fileno())
        except _TooLargeError as error:
            draft.unlink(missing_ok=True)
            raise _not_as_named(sha256) from error
        except RefusedError:
            draft.unlink(missing_ok=True)  # such as a range past the end
            raise
        except OSError as error:
            raise UnavailableError(
                f"A file from the market could not be stored ({error}); free some disk space.",
                f"无法保存来自市场的文件（{error}）；请释放一些磁盘空间。",
            ) from error
        if _digest(draft) != sha256:
            draft.unlink()
            raise _damaged_draft() if had_bytes else _not_as_named(sha256)
        draft.replace(path)

    def _make_room(self, needed_bytes: int) -> None:
        with self._lock:
            keep = self._turns.names() | set(self._kept)
            make_room(self._folder, self._cache_bytes, needed_bytes, keep)


class _TooLargeError(Exception):
    """The market sent more than was asked for."""


def _copy(body: Download, file: BinaryIO, max_bytes: int, counter: Counter) -> None:
    got_bytes = 0
    for piece in body.pieces():
        got_bytes += len(piece)
        if got_bytes > max_bytes:
            raise _TooLargeError
        file.write(piece)
        counter.add(len(piece))


def _digest(path: Path) -> Sha256:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged_draft() -> GridleError:
    """Not the market's fault, perhaps: a loss of power can spoil what was being written."""
    return UnavailableError(
        "What was fetched of a file earlier is damaged; it is fetched again.",
        "先前下载的部分文件已损坏；将重新下载。",
    )


def _not_as_named(sha256: Sha256) -> RefusedError:
    return RefusedError(
        f"The market's file {sha256[:12]}… is not what its name says; it was thrown away.",
        f"市场的文件 {sha256[:12]}… 与其名称不符；已丢弃。",
    )
