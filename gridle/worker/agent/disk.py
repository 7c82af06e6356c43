"""Whether there is enough disk left to take on work."""

from __future__ import annotations

import shutil
from pathlib import Path

from gridle.market.protocol.sentence import Sentence

KEEP_FREE_BYTES = 64 * 2**20
"""Below this no work is taken: results and the ledger still need their place."""


def shortage(folder: Path) -> Sentence | None:
    """Say that the disk is (nearly) full; None where there is room."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes >= KEEP_FREE_BYTES:
        return None
    free_mib = free_bytes // 2**20
    return Sentence(
        f"No new work is taken: only {free_mib} MiB of disk are free at {folder}. Free some space "
        "and it goes on by itself.",
        f"暂不接受新任务：{folder} 所在磁盘仅剩 {free_mib} MiB。请释放空间，之后会自动继续。",
    )
