"""`gridle worker wipe`: removes what ended tasks left, and on request what can be fetched again.

Images are removed from the container engine's store as well, but only those that we loaded and that
nobody has named or uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridle.home_lock import HomeLock
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.doctor_traces import LEDGER_NAME
from gridle.worker.images.store import ImageStore
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.images import ImageTable
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.ledger.live_view import read_live
from gridle.worker.removal import remove_tree
from gridle.worker.sandbox.engine import Engine, ask_program
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.traces import BLOBS_NAME, Seen, find_traces, look, remove

CACHES = (BLOBS_NAME, "modules", "images")
"""Fetched files and compiled programs; whatever a task needs of them is fetched again."""


@dataclass(frozen=True)
class _Images:
    """What became of our images in the container engine."""

    gone: int = 0
    left: int = 0


def wipe_home(
    home: Path,
    now: float,
    *,
    with_caches: bool,
    find: Callable[[], Engine | Sentence] = find_engine,
) -> Sentence:
    """Wipe the home of a worker that does not run; returns what was removed.

    Raises:
        CorruptStateError: the ledger cannot be read.
        UnavailableError: the worker runs, or something cannot be removed.
    """
    from gridle.worker.bootstrap import LOCK_NAME  # noqa: PLC0415 - loads the whole worker

    if not home.is_dir():
        return _removed((), _Images(), with_caches=False)
    with HomeLock(home / LOCK_NAME, _running()):
        _forget_ended(home / LEDGER_NAME, now)
        traces = find_traces(look(home), read_live(home / LEDGER_NAME))
        try:
            remove(home, traces)
            for name in CACHES if with_caches else ():
                remove_tree(home / name)
            images = _drop_images(home / LEDGER_NAME, find) if with_caches else _Images()
        except OSError as error:
            raise UnavailableError(
                f"Something in {home} could not be removed ({error}); remove it by hand.",
                f"{home} 中有内容无法删除（{error}）；请手动删除。",
            ) from error
    return _removed(traces, images, with_caches=with_caches)


def _forget_ended(ledger_path: Path, now: float) -> None:
    if ledger_path.exists():
        ledger = open_ledger(ledger_path, now).ledger
        try:
            ledger.forget_ended()
        finally:
            ledger.close()


def _drop_images(ledger_path: Path, find: Callable[[], Engine | Sentence]) -> _Images:
    if not ledger_path.exists():
        return _Images()
    ours = ImageTable(connect(ledger_path))
    try:
        if not ours.all():
            return _Images()  # so no engine has to be looked for, which takes seconds
        engine = find()
        # behind one that does not work, another may be found: the images are in the first
        if isinstance(engine, Sentence) or engine.passed_over:
            return _Images(0, len(ours.all()))
        gone = ImageStore(ask_program, ours).drop(engine)
        return _Images(len(gone), len(ours.all()))
    finally:
        ours.close()


def _removed(traces: tuple[Seen, ...], images: _Images, *, with_caches: bool) -> Sentence:
    files, size_bytes = sum(each.files for each in traces), sum(each.size_bytes for each in traces)
    caches_en = " Fetched and compiled programs were removed as well." if with_caches else ""
    caches_zh = "已下载和编译的程序也已删除。" if with_caches else ""
    if images.gone:
        caches_en += f" So were {images.gone} images in the container engine."
        caches_zh += f"容器引擎中的 {images.gone} 个镜像也已删除。"
    if images.left:
        caches_en += (
            f" {images.left} images are still there, because the engine does not work or something "
            "uses them; see `gridle worker doctor`, then wipe again."
        )
        caches_zh += (
            f"仍有 {images.left} 个镜像未删除：引擎不可用或镜像正被使用；"
            "请查看 `gridle worker doctor`，然后重新清除。"
        )
    return Sentence(
        f"Removed {files} files with {size_bytes} bytes that ended tasks left.{caches_en}",
        f"已删除结束任务留下的 {files} 个文件（{size_bytes} 字节）。{caches_zh}",
    )


def _running() -> UnavailableError:
    return UnavailableError(
        "The worker runs, and wipes by itself what its tasks leave; stop it first to wipe by hand.",
        "工作端正在运行，会自行清除任务留下的内容；如需手动清除，请先停止它。",
    )
