from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_THREADS_WITH_MEMORY = """
import sys, threading
from pathlib import Path
from gridle.worker.memory_arenas import share_one_arena
if sys.argv[1] == "shared":
    share_one_arena()
held = threading.Barrier(9)
done = threading.Event()
def work():
    kept = [bytearray(20_000) for _ in range(5)]
    held.wait()
    done.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
held.wait()
reserved = 0
for line in Path("/proc/self/maps").read_text().splitlines():
    span, permissions = line.split()[:2]
    first, last = (int(each, 16) for each in span.split("-"))
    reserved += permissions == "---p" and 2**25 < last - first < 2**26
print(reserved)
done.set()
"""
"""Counts what glibc reserves beside each arena but the first, almost 64 MB."""


def _arenas(kind: str) -> int:
    argv = [sys.executable, "-c", _THREADS_WITH_MEMORY, kind]
    return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_arena() -> None:
    assert _arenas("own") > 0
    assert _arenas("shared") == 0
