"""What happened to the clocks between two looks: whether the machine slept, or time was set."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

_LEAST_S = 2.0
_SLEW = 0.001
"""A clock that is being corrected runs this much too fast or slow at most (NTP: 0.0005)."""
_WINDOWS_TICK_S = 1e-7


@dataclass(frozen=True)
class Clocks:
    """Three clocks read together, in seconds."""

    real_s: float
    """The calendar's; whoever sets the time moves it."""
    awake_s: float
    """Only ever goes on, and stands still while the machine sleeps."""
    boot_s: float
    """Only ever goes on, sleep included."""


@dataclass(frozen=True)
class ClockChange:
    """What two looks differ by beyond the time that passed; 0 each on an ordinary day."""

    slept_s: float = 0.0
    jumped_s: float = 0.0
    """How far the calendar was set, forwards or (negative) backwards."""


def clock_change(before: Clocks, after: Clocks) -> ClockChange:
    """Compare two looks.

    Less than 2 s, and 1 ‰ of the time between the looks, is a slow look or a clock being
    corrected, not a change.
    """
    passed_s = max(0.0, after.boot_s - before.boot_s)
    tolerated_s = _LEAST_S + _SLEW * passed_s
    slept_s = passed_s - max(0.0, after.awake_s - before.awake_s)
    jumped_s = after.real_s - before.real_s - passed_s
    return ClockChange(
        slept_s=slept_s if slept_s > tolerated_s else 0.0,
        jumped_s=jumped_s if abs(jumped_s) > tolerated_s else 0.0,
    )


def clock_reader(platform: str = sys.platform) -> Callable[[], Clocks]:
    """Return how this system's clocks are read (not yet run on Windows and macOS)."""
    if platform == "win32":
        return _windows_clocks
    if platform == "darwin":
        return _macos_clocks
    return _linux_clocks


def _linux_clocks() -> Clocks:
    # clock_gettime(2): CLOCK_MONOTONIC stands still in suspend, CLOCK_BOOTTIME does not.
    return Clocks(time.time(), time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME))


def _macos_clocks() -> Clocks:
    # clock_gettime(3) of macOS: CLOCK_MONOTONIC goes on in sleep, CLOCK_UPTIME_RAW does not.
    awake_s = time.clock_gettime(getattr(time, "CLOCK_UPTIME_RAW", time.CLOCK_MONOTONIC))
    return Clocks(time.time(), awake_s, time.clock_gettime(time.CLOCK_MONOTONIC))


def _windows_clocks() -> Clocks:
    # GetTickCount64, behind time.monotonic, counts sleep; the unbiased interrupt time does not.
    ticks = ctypes.c_ulonglong()
    kernel32 = ctypes.CDLL("kernel32")
    kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
    return Clocks(time.time(), ticks.value * _WINDOWS_TICK_S, time.monotonic())
