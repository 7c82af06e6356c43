"""Letting a group reach its stop at once: even stopping takes CPU time, which it may lack.

A signal or a freeze is carried out by the stopped process itself, inside the kernel. A throttled
or starved one gets there only when its turn comes, up to 135 ms later where measured. Once the
order stands, no instruction of the program runs any more, so its holds can be lifted until then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_LIFTED = {
    "cpu.idle": "0",
    "cpu.max": "max",
    "cpu.weight": "100",
    "cpu.cfs_quota_us": "-1",
    "cpu.shares": "1024",
}
"""Version 1 and 2; an idle group's weight may not be written, so that goes first."""


@contextlib.contextmanager
def hurried(cpu_folder: Path | None) -> Iterator[None]:
    """Lift the CPU holds of a group, and put them back in the end. Its stop is already ordered."""
    held: dict[Path, str] = {}
    try:
        for name, lifted in _LIFTED.items():
            file = (cpu_folder or Path()) / name
            if cpu_folder is None or not file.exists():
                continue
            with contextlib.suppress(OSError):  # not delegated, or the group is gone
                before = file.read_text().strip()
                file.write_text(lifted)
                held[file] = before
        yield
    finally:
        for file, before in reversed(held.items()):
            with contextlib.suppress(OSError):
                file.write_text(before)
