"""Keeps the C library from giving each thread an arena of memory of its own."""

from __future__ import annotations

_M_ARENA_MAX = -8
"""From glibc's malloc.h, which promises not to change it."""


def share_one_arena() -> None:
    """Let all threads take memory from one arena, where glibc is the C library; else do nothing.

    Arenas let threads allocate at the same moment, which Python's threads cannot, and each keeps
    what it once held: a worker with twenty threads was 1.4 MB larger. Only before threads begin.
    See mallopt(3).
    """
    import ctypes  # noqa: PLC0415 - the programs that ask for this alone need it

    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (AttributeError, OSError, TypeError):
        return  # another C library: musl, macOS, Windows
