"""The calls behind `macos_input`, in macOS' own frameworks (not yet run there).

What CoreFoundation hands out is turned into a property list and read by Python's own reader, so
that no pointer of it is followed here.
"""

from __future__ import annotations

import ctypes
import plistlib
from functools import cached_property
from pathlib import Path

from gridle.worker.probes.presence.macos_input import Untrusted

_FRAMEWORKS = "/System/Library/Frameworks/"
_HID_STATE = 1
"""kCGEventSourceStateHIDSystemState: the devices themselves, whatever programs synthesise."""
_ANY_INPUT = 0xFFFFFFFF
"""kCGAnyInputEventType (CGEventTypes.h)."""
_BINARY_LIST = 200
"""kCFPropertyListBinaryFormat_v1_0."""
_MOST_PROGRAMS = 4096


class Frameworks:
    """`MacosCalls` as macOS has them; the frameworks are loaded when first asked."""

    @cached_property
    def _foundation(self) -> ctypes.CDLL:
        library = ctypes.CDLL(f"{_FRAMEWORKS}CoreFoundation.framework/CoreFoundation")
        pointer = ctypes.c_void_p
        library.CFPropertyListCreateData.restype = pointer
        sizes = (ctypes.c_long, ctypes.c_ulong)
        library.CFPropertyListCreateData.argtypes = (pointer, pointer, *sizes, pointer)
        library.CFDataGetLength.restype = ctypes.c_long
        library.CFDataGetLength.argtypes = (pointer,)
        library.CFDataGetBytePtr.restype = pointer
        library.CFDataGetBytePtr.argtypes = (pointer,)
        library.CFDictionaryGetCount.restype = ctypes.c_long
        library.CFDictionaryGetCount.argtypes = (pointer,)
        library.CFDictionaryGetKeysAndValues.restype = None
        library.CFDictionaryGetKeysAndValues.argtypes = (pointer, pointer, pointer)
        library.CFRelease.restype = None
        library.CFRelease.argtypes = (pointer,)
        return library

    @cached_property
    def _graphics(self) -> ctypes.CDLL:
        library = ctypes.CDLL(f"{_FRAMEWORKS}CoreGraphics.framework/CoreGraphics")
        library.CGEventSourceSecondsSinceLastEventType.restype = ctypes.c_double
        library.CGEventSourceSecondsSinceLastEventType.argtypes = (ctypes.c_int32, ctypes.c_uint32)
        library.CGSessionCopyCurrentDictionary.restype = ctypes.c_void_p
        library.CGSessionCopyCurrentDictionary.argtypes = ()
        return library

    @cached_property
    def _power(self) -> ctypes.CDLL:
        return ctypes.CDLL(f"{_FRAMEWORKS}IOKit.framework/IOKit")

    def seconds_since_input(self) -> float:
        """Ask CGEventSourceSecondsSinceLastEventType."""
        return float(self._graphics.CGEventSourceSecondsSinceLastEventType(_HID_STATE, _ANY_INPUT))

    def session(self) -> Untrusted | None:
        """Ask CGSessionCopyCurrentDictionary."""
        found = self._graphics.CGSessionCopyCurrentDictionary()
        if not found:
            return None
        try:
            session = self._read(found)
        finally:
            self._foundation.CFRelease(found)
        return session if isinstance(session, dict) else None

    def console_uid(self) -> int:
        """Return the owner of the console's device, as the login window sets it."""
        return Path("/dev/console").stat().st_uid

    def assertions(self) -> list[Untrusted]:
        """Ask IOPMCopyAssertionsByProcess; it answers with a list for each process."""
        found = ctypes.c_void_p()
        if self._power.IOPMCopyAssertionsByProcess(ctypes.byref(found)) != 0 or not found:
            return []
        try:
            count = self._foundation.CFDictionaryGetCount(found)
            if not 0 < count <= _MOST_PROGRAMS:
                return []
            values = (ctypes.c_void_p * count)()
            self._foundation.CFDictionaryGetKeysAndValues(found, None, values)
            lists = [self._read(each) for each in values if each]
        finally:
            self._foundation.CFRelease(found)
        named = (each for some in lists if isinstance(some, list) for each in some)
        return [each for each in named if isinstance(each, dict)]

    def _read(self, reference: int) -> object:
        """Return what an object of CoreFoundation holds; None where a list cannot hold it."""
        data = self._foundation.CFPropertyListCreateData(None, reference, _BINARY_LIST, 0, None)
        if not data:
            return None
        try:
            size_bytes = self._foundation.CFDataGetLength(data)
            content = ctypes.string_at(self._foundation.CFDataGetBytePtr(data), size_bytes)
        finally:
            self._foundation.CFRelease(data)
        try:
            value: object = plistlib.loads(content)
        except (ValueError, plistlib.InvalidFileException):
            return None
        return value
