"""Watches what a thread does through Python's audit events (PEP 578), and steps in between.

What C code does on its own cannot be seen so; the readers under test use none but SQLite and
msgspec. A hook cannot be taken out again, so this one does nothing outside a `with`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {
    "os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
    "os.mkfifo": (0,), "os.mknod": (0,), "os.setxattr": (0,), "shutil.move": (0, 1),
    "shutil.copyfile": (1,), "shutil.unpack_archive": (1,),
}  # fmt: skip
"""Events of what changes files, and which of their arguments are what is changed."""
_FOLLOWING = frozenset({"os.chmod", "os.truncate", "os.utime", "os.setxattr"})
"""Of those, the ones that change what a link names, not the link."""
_NEVER = frozenset(
    {
        "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
        "os.spawn", "socket.connect", "socket.bind", "socket.sendto", "ctypes.dlopen", "pty.spawn",
        "pickle.find_class", "os.kill", "os.chdir",
    }
)  # fmt: skip
_STEPS = frozenset({"open", "os.scandir", "os.listdir", "os.rename", "os.remove", "os.mkdir"})
_local = threading.local()
_installed: list[bool] = []


class Watch:
    """What one block may change, what it did in spite of that, and who steps in when."""

    def __init__(self, allowed: tuple[Path, ...], step: int, action: Callable[[], None]) -> None:
        self._allowed = tuple(each.resolve() for each in allowed)
        self._left = step
        self._action = action
        self.misdeeds: list[str] = []

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Judge an event before it happens."""
        if event in _NEVER:
            self.misdeeds.append(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            self._judge(event, arguments[0], follows=not arguments[2] & os.O_NOFOLLOW)
        for index in _PATHS.get(event, ()):
            self._judge(event, arguments[index], follows=event in _FOLLOWING)
        if event in _STEPS:
            self._left -= 1
            if self._left == 0:
                self._action()

    def _judge(self, event: str, path: object, *, follows: bool) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor, which was opened before
        name = Path(os.fsdecode(path))
        if not name.is_absolute():  # from a folder that is held by a descriptor
            if len(name.parts) != 1 or name.name in ("", ".."):
                self.misdeeds.append(f"{event} {name}")
            return
        if name.parent.name == "__pycache__":
            return  # an import, of a codec for instance
        real = name.resolve() if follows else name.parent.resolve() / name.name
        if not any(real == each or each in real.parents for each in self._allowed):
            self.misdeeds.append(f"{event} {real}")


@contextmanager
def watched(
    *allowed: Path, step: int = 0, action: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Run the block, which may change nothing but what lies in these folders.

    Before its `step`th look at or change of a folder, counted from 1, `action` happens.
    """
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)
    watch = Watch(allowed, step, action)
    _local.watch = watch
    try:
        yield
    finally:
        _local.watch = None
    assert not watch.misdeeds, watch.misdeeds


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    watch = getattr(_local, "watch", None)
    if watch is None:
        return
    _local.watch = None  # what it does itself is not its own concern
    try:
        watch.see(event, arguments)
    finally:
        _local.watch = watch
