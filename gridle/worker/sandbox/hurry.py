"""Letting a group reach its stop at once: even stopping takes CPU time, which it may lack.

A signal or a freeze is carried out by the stopped process itself, inside the kernel. A throttled
or starved one gets there only when its turn comes, up to 135 ms later where measured. Once the
order stands, no instruction of the program runs any more, so its holds can be lifted until then.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gridle.worker.sandbox.common_group import common_group

_LIFTED = {
    "cpu.idle": "0",
    "cpu.max": "max",
    "cpu.weight": "100",
    "cpu.cfs_quota_us": "-1",
    "cpu.shares": "1024",
}
"""Version 1 and 2; an idle group's weight may not be written, so that goes first."""

_lock = threading.Lock()
_hurried = Counter[Path]()
"""How many tasks below each common group are on their way to a stop now."""
_commonly_held: dict[Path, dict[Path, str]] = {}


@contextlib.contextmanager
def hurried(cpu_folder: Path | None) -> Iterator[None]:
    """Lift the CPU holds of a group, and put them back in the end. Its stop is already ordered."""
    if cpu_folder is None:
        yield
        return
    held = _lift(cpu_folder)
    common = common_group(cpu_folder)
    try:
        if common:
            _lift_common(common)
        yield
    finally:
        if common:
            _hold_common(common)
        _hold(held)


def _lift_common(common: Path) -> None:
    """Lift what holds all tasks, for the first of those that are stopped at the same time."""
    with _lock:
        if not _hurried[common]:
            _commonly_held[common] = _lift(common)
        _hurried[common] += 1


def _hold_common(common: Path) -> None:
    with _lock:
        _hurried[common] -= 1
        if not _hurried[common]:
            _hold(_commonly_held.pop(common))
            del _hurried[common]


def _lift(folder: Path) -> dict[Path, str]:
    held: dict[Path, str] = {}
    for name, lifted in _LIFTED.items():
        file = folder / name
        if not file.exists():
            continue
        with contextlib.suppress(OSError):  # not delegated, or the group is gone
            before = file.read_text().strip()
            file.write_text(lifted)
            held[file] = before
    return held


def _hold(held: dict[Path, str]) -> None:
    for file, before in reversed(held.items()):
        with contextlib.suppress(OSError):
            file.write_text(before)
