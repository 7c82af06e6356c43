"""Logical cores by number: the kernel's way to write them, and keeping threads to some of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable

import psutil

from gridle.worker.sandbox.thread_state import thread_ids

_ROUNDS = 5
"""A thread that starts another just while we look at them needs a second look."""


def cores_text(core_ids: Iterable[int]) -> str:
    """Return the cores as a list such as `0-2,5` (the "List format" of cpuset(7))."""
    ranges: list[list[int]] = []
    for core in sorted(set(core_ids)):
        if ranges and core == ranges[-1][1] + 1:
            ranges[-1][1] = core
        else:
            ranges.append([core, core])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def cores_of(text: str) -> frozenset[int]:
    """Return the cores that a list such as `0-2,5` names.

    Raises:
        ValueError: it is no such list.
    """
    cores: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        low, _, high = part.partition("-")
        cores.update(range(int(low), int(high or low) + 1))
    return frozenset(cores)


def usable_cores(core_ids: Iterable[int], there: frozenset[int]) -> tuple[int, ...]:
    """Return those of the wanted cores that are `there`; where none of them is, all that are."""
    return tuple(sorted(there.intersection(core_ids) or there))


def own_cores() -> frozenset[int]:
    """Return the cores that this process itself may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def keep_to_cores(process_id: int, core_ids: Iterable[int]) -> None:
    """Keep every thread of a process to these cores, and with them those that they will start.

    Does nothing where the system has no such thing (macOS), nor for a process that has ended.
    """
    if hasattr(os, "sched_setaffinity"):
        keep_threads_to_cores(lambda: thread_ids(process_id), core_ids)
    elif hasattr(psutil.Process, "cpu_affinity"):  # Windows: one mask for the whole process
        with contextlib.suppress(psutil.Error, OSError):
            psutil.Process(process_id).cpu_affinity(list(usable_cores(core_ids, own_cores())))


def keep_threads_to_cores(list_ids: Callable[[], list[int]], core_ids: Iterable[int]) -> None:
    """Keep the threads that are listed, and those that they will start, to these cores. Linux."""
    cores = usable_cores(core_ids, own_cores())
    settle(list_ids, lambda thread: os.sched_setaffinity(thread, cores))


def settle(list_ids: Callable[[], list[int]], act: Callable[[int], None]) -> None:
    """Do something to every thread or process that is listed, until no new one appears."""
    done: set[int] = set()
    for _ in range(_ROUNDS):
        new = set(list_ids()) - done
        for each in new:
            with contextlib.suppress(OSError):  # it ended meanwhile, or is not ours to change
                act(each)
        if not new:
            return
        done |= new
