"""The doctor's proof that ended tasks left nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gridle.market.protocol.errors import CorruptStateError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.finding import Finding
from gridle.worker.ledger.live_view import read_live
from gridle.worker.traces import Live, Seen, find_traces, look

NAME = "traces"
LEDGER_NAME = "ledger.sqlite"
SETTLE_S = 1.0
"""What a running worker is just wiping is gone after that."""


def traces_finding(home: Path, pause: Callable[[float], None] = time.sleep) -> Finding:
    """Look through everything that tasks can leave, and say what belongs to no live task.

    The home is listed before the ledger is read, so that a task that is taken on meanwhile is
    never mistaken for an ended one.
    """
    try:
        seen = look(home)
        live = read_live(home / LEDGER_NAME)
        left = find_traces(seen, live)
        if left or live.remembered:
            pause(SETTLE_S)
            again = {each.path for each in look(home)}
            live = read_live(home / LEDGER_NAME)
            left = tuple(each for each in find_traces(seen, live) if each.path in again)
    except CorruptStateError as error:
        return Finding(NAME, works=False, sentence=error.sentence)
    if left or live.remembered:
        return Finding(NAME, works=False, sentence=_left(left, live))
    return Finding(NAME, works=True, sentence=_clean(seen, live))


def _clean(seen: tuple[Seen, ...], live: Live) -> Sentence:
    files, tasks = sum(each.files for each in seen), len(live.leases)
    return Sentence(
        f"Nothing is left of ended tasks: {files} files and the ledger were looked through, and "
        f"each belongs to one of {tasks} live tasks or is a public program or input.",
        f"已结束的任务没有留下任何痕迹：检查了 {files} 个文件和账本，"
        f"它们都属于 {tasks} 个进行中的任务，或是公开的程序或输入。",
    )


def _left(left: tuple[Seen, ...], live: Live) -> Sentence:
    files, size_bytes = sum(each.files for each in left), sum(each.size_bytes for each in left)
    such_en = f", such as {left[0].path}" if left else ""
    such_zh = f"，例如 {left[0].path}" if left else ""
    return Sentence(
        f"Ended tasks left {files} files with {size_bytes} bytes and {live.remembered} entries in "
        f"the ledger{such_en}; stop the worker and run `gridle worker wipe`.",
        f"已结束的任务留下了 {files} 个文件（{size_bytes} 字节）和账本中的 {live.remembered} "
        f"条记录{such_zh}；请停止工作端并运行 `gridle worker wipe`。",
    )
