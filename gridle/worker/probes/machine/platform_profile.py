"""The firmware's power profile (kernel: Documentation/ABI/testing/sysfs-platform_profile)."""

from __future__ import annotations

import os
from pathlib import Path

from gridle.worker.probes.machine.kernel_file import kernel_text

PLATFORM_PROFILE = Path("/sys/firmware/acpi/platform_profile")
_SAVERS = ("low-power", "quiet")


def read_platform_profile(path: Path = PLATFORM_PROFILE) -> bool:
    """Return whether the owner chose to save power; False where there is no such switch."""
    return kernel_text(path) in _SAVERS


class ProfileBell:
    """Rings (POLLPRI) when the profile changes: a key of the laptop, or a program."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        """Return what to poll."""
        return self._number

    def heard(self) -> bool:
        """Read the file, so that the next change rings anew."""
        os.pread(self._number, 64, 0)
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._number)


def find_profile_bell(path: Path = PLATFORM_PROFILE) -> ProfileBell | None:
    """Hang the bell where the firmware has profiles."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        os.pread(number, 64, 0)
    except OSError:
        return None
    return ProfileBell(number)
