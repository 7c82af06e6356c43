"""A program that draws nothing sixty times a second: python frame_loop.py WORK SECONDS.

Each frame is the same work, begun at its slot. Prints, as JSON, how long each frame took from its
slot's begin to its end, waiting for a CPU included. With SECONDS of 0 it prints the WORK that
takes `FRAME_S` on a free CPU. Standard library only: it stands for anybody's program.
"""

from __future__ import annotations

import json
import sys
import time

SLOT_S = 1 / 60
FRAME_S = 0.004
_TRIES = 200


def work(amount: int) -> int:
    """Compute something that takes a while."""
    total = 0
    for number in range(amount):
        total += number * number
    return total


def calibrate() -> int:
    """Return the work that takes `FRAME_S`, by the fastest of many tries."""
    amount = 10_000
    fastest_s = min(_took_s(amount) for _ in range(_TRIES))
    return round(amount * FRAME_S / fastest_s)


def _took_s(amount: int) -> float:
    began_s = time.perf_counter()
    work(amount)
    return time.perf_counter() - began_s


def run(amount: int, span_s: float) -> list[float]:
    """Return each frame's seconds; a frame that ends late delays none but those it overlaps."""
    slot_s = time.perf_counter() + SLOT_S
    end_s = slot_s + span_s
    took: list[float] = []
    while slot_s < end_s:
        time.sleep(max(0.0, slot_s - time.perf_counter()))
        work(amount)
        took.append(time.perf_counter() - slot_s)
        slot_s += SLOT_S
    return took


if __name__ == "__main__":
    given, seconds = int(sys.argv[1]), float(sys.argv[2])
    sys.stdout.write(json.dumps(run(given, seconds) if seconds else calibrate()))
