"""What a person can do where the operating system refuses a file: one sentence for all programs."""

from __future__ import annotations

import os

from gridle.market.protocol.errors import UnavailableError


def file_trouble(error: OSError) -> UnavailableError:
    """Return the sentence for an error of the disk that no closer place explained."""
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    why = error.strerror or str(error)
    return UnavailableError(
        f"{place or 'A file'} cannot be used ({why}); check its disk's free space and its "
        "permissions, or choose another folder, and try again.",
        f"无法使用{place or '某个文件'}（{why}）；请检查磁盘空间与权限，或另选文件夹后重试。",
    )
