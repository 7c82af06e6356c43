"""`gridle worker wipe`: removes what ended tasks left, and on request what can be fetched again."""

from __future__ import annotations

from pathlib import Path

from gridle.home_lock import HomeLock
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.doctor_traces import LEDGER_NAME
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.ledger.live_view import read_live
from gridle.worker.removal import remove_tree
from gridle.worker.traces import BLOBS_NAME, Seen, find_traces, look, remove

CACHES = (BLOBS_NAME, "modules", "images")
"""Fetched files and compiled programs; whatever a task needs of them is fetched again."""


def wipe_home(home: Path, now: float, *, with_caches: bool) -> Sentence:
    """Wipe the home of a worker that does not run; returns what was removed.

    Raises:
        CorruptStateError: the ledger cannot be read.
        UnavailableError: the worker runs, or something cannot be removed.
    """
    from gridle.worker.bootstrap import LOCK_NAME  # noqa: PLC0415 - loads the whole worker

    if not home.is_dir():
        return _removed((), with_caches=False)
    with HomeLock(home / LOCK_NAME, _running()):
        _forget_ended(home / LEDGER_NAME, now)
        traces = find_traces(look(home), read_live(home / LEDGER_NAME))
        try:
            remove(home, traces)
            for name in CACHES if with_caches else ():
                remove_tree(home / name)
        except OSError as error:
            raise UnavailableError(
                f"Something in {home} could not be removed ({error}); remove it by hand.",
                f"{home} 中有内容无法删除（{error}）；请手动删除。",
            ) from error
    return _removed(traces, with_caches=with_caches)


def _forget_ended(ledger_path: Path, now: float) -> None:
    if ledger_path.exists():
        ledger = open_ledger(ledger_path, now).ledger
        try:
            ledger.forget_ended()
        finally:
            ledger.close()


def _removed(traces: tuple[Seen, ...], *, with_caches: bool) -> Sentence:
    files, size_bytes = sum(each.files for each in traces), sum(each.size_bytes for each in traces)
    caches_en = " Fetched and compiled programs were removed as well." if with_caches else ""
    caches_zh = "已下载和编译的程序也已删除。" if with_caches else ""
    return Sentence(
        f"Removed {files} files with {size_bytes} bytes that ended tasks left.{caches_en}",
        f"已删除结束任务留下的 {files} 个文件（{size_bytes} 字节）。{caches_zh}",
    )


def _running() -> UnavailableError:
    return UnavailableError(
        "The worker runs, and wipes by itself what its tasks leave; stop it first to wipe by hand.",
        "工作端正在运行，会自行清除任务留下的内容；如需手动清除，请先停止它。",
    )
