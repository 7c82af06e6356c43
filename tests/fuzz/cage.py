"""A task's folder with its owner's secret beside it, and whether either was touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.fuzz.watch import watched

Glimpse = tuple[int, int, int, bytes | None]


class Cage:
    """`task` is where hostile things happen; all else below `base` is the owner's."""

    SECRET: ClassVar[bytes] = b"the owner's own words, which no task may ever read"

    def __init__(self, base: Path) -> None:
        self.base = base.resolve()
        self.task = self.base / "task"
        self.task.mkdir()
        (self.base / "home").mkdir()
        self.secret = self.base / "home" / "secret"
        self.secret.write_bytes(self.SECRET)
        self.watched = watched

    def look(self) -> dict[str, Glimpse]:
        """Return what is so outside the task's folder."""
        found: dict[str, Glimpse] = {}
        for folder, below, files in os.walk(self.base, followlinks=False):
            if Path(folder) == self.base:
                below.remove("task")
            for name in (*below, *files):
                path = Path(folder) / name
                state = path.lstat()
                # a second name that a task made counts in st_nlink, and is its right
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
                found[str(path)] = (state.st_mode, state.st_uid, state.st_mtime_ns, content)
        return found


@contextmanager
def cage() -> Iterator[Cage]:
    """Run the block; afterwards all outside the task's folder is as it was."""
    with tempfile.TemporaryDirectory(prefix="gridle-fuzz-") as name:
        held = Cage(Path(name))
        before = held.look()
        yield held
        after = held.look()
        assert after == before, set(after) ^ set(before)
