"""One worker per home, by a lock of the OS that no crash can leave behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol.errors import UnavailableError

LOCK_NAME = "worker.lock"


def lock_home(home: Path) -> BinaryIO:
    """Lock `home` for this process; the lock holds until the returned file is closed.

    Raises:
        UnavailableError: another worker has it, or the folder cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (home / LOCK_NAME).open("ab")
    except OSError as error:
        raise UnavailableError(
            f"The worker's folder {home} cannot be written ({error.strerror}); choose another "
            "with --home.",
            f"无法写入工作端文件夹 {home}（{error.strerror}）；请用 --home 选择其他文件夹。",
        ) from error
    try:
        _lock(file)
    except OSError as error:
        file.close()
        raise UnavailableError(
            "A worker is already running here; `gridle worker status` shows what it does.",
            "本机已有工作端在运行；用 `gridle worker status` 查看其状态。",
        ) from error
    return file


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows alone has it

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - Windows lacks it

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
