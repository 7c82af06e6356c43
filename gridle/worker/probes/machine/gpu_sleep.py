"""Whether NVIDIA's cards sleep: asking one through its library would wake it, and drain a laptop.

Source: kernel, Documentation/ABI/testing/sysfs-devices-power (`runtime_status`).
"""

from __future__ import annotations

from pathlib import Path

from gridle.worker.probes.machine.kernel_file import entries, kernel_text

PCI_DEVICES = Path("/sys/bus/pci/devices")
_NVIDIA = "0x10de"
_DISPLAY_CLASS = "0x03"


class CardSleep:
    """Knows where the cards' state stands, so that a look opens one file a card."""

    def __init__(self, devices: Path = PCI_DEVICES) -> None:
        self._states = [
            device / "power" / "runtime_status"
            for device in entries(devices)
            if kernel_text(device / "vendor") == _NVIDIA
            and kernel_text(device / "class").startswith(_DISPLAY_CLASS)
        ]

    def all_asleep(self) -> bool:
        """Return whether there are cards and the kernel has suspended each of them."""
        return bool(self._states) and all(
            kernel_text(state) == "suspended" for state in self._states
        )
