"""How much programs wait for memory: Linux's pressure stall information.

Source: kernel, Documentation/accounting/psi.rst.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from gridle.worker.probes.machine.kernel_file import kernel_text

PRESSURE = Path("/proc/pressure/memory")
_SOME = re.compile(r"^some avg10=(\d{1,3}\.\d{1,2}) ", re.MULTILINE)
_TRIGGERS = (b"some 150000 1000000", b"some 300000 2000000")
"""Stall and window in microseconds. Without privileges only windows of whole 2 s are taken."""


def parse_pressure(text: str) -> float | None:
    """Return the share of the last ten seconds in which some program waited, in percent."""
    found = _SOME.search(text)
    return min(100.0, float(found[1])) if found else None


def read_pressure(path: Path = PRESSURE) -> float | None:
    """Read it now; None where the kernel was built or started without."""
    return parse_pressure(kernel_text(path))


class PressureBell:
    """Rings (POLLPRI) while programs wait for memory more than 15 % of the time.

    The kernel then rings once a window; with nobody waiting it costs nothing at all.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        """Return what to poll."""
        return self._number

    def heard(self) -> bool:
        """Return that it is worth looking: there is nothing to take out of the file."""
        return True

    def close(self) -> None:
        """Take the trigger back."""
        os.close(self._number)


def find_pressure_bell(path: Path = PRESSURE) -> PressureBell | None:
    """Hang the bell; None where the kernel does not let us."""
    for trigger in _TRIGGERS:
        try:
            number = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            os.write(number, trigger + b"\0")
        except OSError:
            os.close(number)
        else:
            return PressureBell(number)
    return None
