"""A folder of files that can be had again, kept within a size; and turns for those who fetch."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path


def make_room(folder: Path, limit_bytes: int, needed_bytes: int, keep: Collection[str]) -> None:
    """Remove the longest unused files until `needed_bytes` more fit within `limit_bytes`.

    Files whose names begin with one of `keep` stay, whatever their size.
    """
    sizes = {path: path.stat() for path in folder.iterdir() if path.is_file()}
    used_bytes = needed_bytes + sum(each.st_size for each in sizes.values())
    for path in sorted(sizes, key=lambda path: sizes[path].st_mtime_ns):
        if used_bytes <= limit_bytes:
            break
        if not path.name.startswith(tuple(keep)):
            path.unlink(missing_ok=True)
            used_bytes -= sizes[path].st_size


class Turns:
    """One at a time for each name; other names do not wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Wait for this name's turn, and have it for the block."""
        with self._lock:
            turn, count = self._waiting.get(name, (threading.Lock(), 0))
            self._waiting[name] = (turn, count + 1)
        try:
            with turn:
                yield
        finally:
            with self._lock:
                count = self._waiting[name][1] - 1
                if count:
                    self._waiting[name] = (turn, count)
                else:
                    del self._waiting[name]

    def names(self) -> frozenset[str]:
        """Return the names that somebody has or waits for."""
        with self._lock:
            return frozenset(self._waiting)
