"""macOS, as far as its plain C functions tell (not yet run there).

Unknown for now: heat and fans, which only private interfaces tell; and the network's kind and
cost, which are behind Objective-C blocks (NWPathMonitor). Threads cannot be bound to cores there,
so their kinds are of no use.
"""

from __future__ import annotations

import ctypes

from gridle.worker.probes.machine.battery import read_battery
from gridle.worker.probes.machine.system import System

_FOUNDATION = "/System/Library/Frameworks/Foundation.framework/Foundation"
_OBJC = "/usr/lib/libobjc.dylib"


def macos_system() -> System:
    """Return how macOS is asked; processes and the battery are asked through psutil."""
    return System(battery=read_battery, power_saver=_low_power_mode)


def _low_power_mode() -> bool:
    """Return NSProcessInfo.processInfo.lowPowerModeEnabled (macOS 12 and later)."""
    ctypes.CDLL(_FOUNDATION)  # so that its classes are known
    objc = ctypes.CDLL(_OBJC)
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    # objc_msgSend has to be called as the function that the message stands for.
    send = ctypes.cast(objc.objc_msgSend, ctypes.c_void_p).value
    pair = (ctypes.c_void_p, ctypes.c_void_p)
    to_object = ctypes.CFUNCTYPE(ctypes.c_void_p, *pair)(send or 0)
    to_bool = ctypes.CFUNCTYPE(ctypes.c_bool, *pair)(send or 0)
    process_info = to_object(
        objc.objc_getClass(b"NSProcessInfo"), objc.sel_registerName(b"processInfo")
    )
    return bool(to_bool(process_info, objc.sel_registerName(b"isLowPowerModeEnabled")))
