"""Letting everybody else's programs go first at the disks, or at everything (macOS)."""

from __future__ import annotations

import contextlib
import os

import psutil

_PRIO_DARWIN_PROCESS = 4
_PRIO_DARWIN_BG = 0x1000
"""From macOS's <sys/resource.h>: lowest CPU, disk and network priority, efficiency cores first."""


def use_disks_last(thread_id: int) -> None:
    """Give one thread, and those that it will start, the disks when nobody else wants them.

    The idle class of ioprio_set(2); it counts where the disk's scheduler is BFQ. Does nothing for
    a thread that is gone or not ours to change.
    """
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(thread_id).ionice(psutil.IOPRIO_CLASS_IDLE)


def take_background_qos(process_id: int) -> None:
    """Give a macOS process the background class, as `taskpolicy -b` does. Not yet run there."""
    with contextlib.suppress(OSError):
        os.setpriority(_PRIO_DARWIN_PROCESS, process_id, _PRIO_DARWIN_BG)
