"""Windows, as far as its plain C functions tell (not yet run there).

Unknown for now: heat and fans, which only vendors' drivers tell; and the kind and the cost of the
network, which are behind COM (INetworkCostManager).
"""

from __future__ import annotations

import ctypes
import struct

from gridle.worker.probes.machine.battery import NO_BATTERY, BatteryReading
from gridle.worker.probes.machine.cores import CoreKinds, by_capacity
from gridle.worker.probes.machine.system import System

_POWER_STATUS = struct.Struct("<BBBBii")
"""SYSTEM_POWER_STATUS: line, battery's flag, percent, saver, two times."""
_OFFLINE = 0
_NO_BATTERY_FLAG = 128
_UNKNOWN = 255
_SAVER_ON = 1
_CPU_SET_BYTES = 32
_CPU_SET_INDEX_AT = 14
_CPU_SET_CLASS_AT = 18


def parse_battery(status: bytes) -> BatteryReading:
    """Read the battery out of what GetSystemPowerStatus fills in."""
    line, flag, percent, *_ = _POWER_STATUS.unpack(status)
    if flag != _UNKNOWN and flag & _NO_BATTERY_FLAG:
        return NO_BATTERY
    known_percent = None if percent == _UNKNOWN else float(min(100, percent))
    return BatteryReading(on_battery=line == _OFFLINE, percent=known_percent)


def parse_saver(status: bytes) -> bool:
    """Return whether battery saver is on (Windows 10 and later)."""
    return bool(_POWER_STATUS.unpack(status)[3] == _SAVER_ON)


def parse_cpu_sets(cpu_sets: bytes) -> CoreKinds:
    """Tell cores apart by the class in what GetSystemCpuSetInformation fills in.

    Cores are numbered within the first processor group alone: up to 64.
    """
    classes: dict[int, int] = {}
    at = 0
    while at + _CPU_SET_BYTES <= len(cpu_sets):
        (size,) = struct.unpack_from("<I", cpu_sets, at)
        (group,) = struct.unpack_from("<H", cpu_sets, at + 12)
        if size < _CPU_SET_BYTES:
            break
        if group == 0:
            classes[cpu_sets[at + _CPU_SET_INDEX_AT]] = cpu_sets[at + _CPU_SET_CLASS_AT]
        at += size
    return by_capacity(classes)


def windows_system() -> System:
    """Return how Windows is asked; processes are asked through psutil."""
    return System(
        battery=lambda: parse_battery(_power_status()),
        power_saver=lambda: parse_saver(_power_status()),
    )


def windows_core_kinds() -> CoreKinds:
    """Ask Windows which of its cores are which."""
    kernel32 = ctypes.CDLL("kernel32")
    length = ctypes.c_ulong(0)
    process = ctypes.c_void_p(-1)  # GetCurrentProcess()
    kernel32.GetSystemCpuSetInformation(None, 0, ctypes.byref(length), process, 0)
    buffer = ctypes.create_string_buffer(length.value)
    kernel32.GetSystemCpuSetInformation(buffer, length, ctypes.byref(length), process, 0)
    return parse_cpu_sets(buffer.raw[: length.value])


def _power_status() -> bytes:
    buffer = ctypes.create_string_buffer(_POWER_STATUS.size)
    if not ctypes.CDLL("kernel32").GetSystemPowerStatus(buffer):
        raise OSError("GetSystemPowerStatus")
    return buffer.raw
