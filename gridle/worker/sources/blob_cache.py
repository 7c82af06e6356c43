"""Blobs by digest: fetched once, resumed where broken off, checked before anybody sees them."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol import routes
from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.worker.sources.bodies import Download
from gridle.worker.sources.signed_http import SignedHttp

MAX_BLOB_BYTES = 4 * 2**30
CACHE_BYTES = 8 * 2**30


class BlobCache:
    """Checked blobs under `folder`, at most about `cache_bytes`; the longest unused go first."""

    def __init__(self, folder: Path, http: SignedHttp, cache_bytes: int = CACHE_BYTES) -> None:
        self._folder = folder
        self._http = http
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._fetching: dict[Sha256, threading.Lock] = {}

    def get(self, sha256: Sha256, max_bytes: int = MAX_BLOB_BYTES) -> Path:
        """Return the local copy of a blob (blocks; one download per digest at a time).

        Raises:
            UnavailableError: the market does not give it now, or the disk is full.
            RefusedError: what it gives is larger than `max_bytes`, or not what the digest says.
        """
        path = self._folder / sha256
        with self._lock:
            one_at_a_time = self._fetching.setdefault(sha256, threading.Lock())
        with one_at_a_time:
            if path.exists():
                os.utime(path)
                return path
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room()
            self._fetch(sha256, path, max_bytes)
        return path

    def forget(self, sha256: Sha256) -> None:
        """Remove the local copy of a blob and what was fetched of it so far."""
        with self._lock:
            one_at_a_time = self._fetching.setdefault(sha256, threading.Lock())
        with one_at_a_time:
            for path in (self._folder / sha256, self._draft(sha256)):
                path.unlink(missing_ok=True)

    def _draft(self, sha256: Sha256) -> Path:
        return self._folder / f"{sha256}.part"

    def _fetch(self, sha256: Sha256, path: Path, max_bytes: int) -> None:
        draft = self._draft(sha256)
        have_bytes = draft.stat().st_size if draft.exists() else 0
        try:
            with (
                self._http.stream(routes.blob(sha256), have_bytes) as body,
                draft.open("ab" if body.resumed else "wb") as file,
            ):
                _copy(body, file, max_bytes - (have_bytes if body.resumed else 0))
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
            raise _not_as_named(sha256)
        draft.replace(path)

    def _make_room(self) -> None:
        blobs = [path for path in self._folder.iterdir() if path.is_file()]
        sizes = {path: path.stat() for path in blobs}
        used_bytes = sum(each.st_size for each in sizes.values())
        for path in sorted(blobs, key=lambda path: sizes[path].st_mtime):
            if used_bytes <= self._cache_bytes:
                break
            path.unlink(missing_ok=True)
            used_bytes -= sizes[path].st_size


class _TooLargeError(Exception):
    """The market sent more than was asked for."""


def _copy(body: Download, file: BinaryIO, max_bytes: int) -> None:
    got_bytes = 0
    for piece in body.pieces():
        got_bytes += len(piece)
        if got_bytes > max_bytes:
            raise _TooLargeError
        file.write(piece)


def _digest(path: Path) -> Sha256:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_as_named(sha256: Sha256) -> RefusedError:
    return RefusedError(
        f"The market's file {sha256[:12]}… is not what its name says; it was thrown away.",
        f"市场的文件 {sha256[:12]}… 与其名称不符；已丢弃。",
    )
