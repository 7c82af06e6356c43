"""The calls behind `windows_input`, in Windows' own libraries (64 bits; not yet run there)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

_INFO_EX = 25
"""WTSSessionInfoEx of WTS_INFO_CLASS (wtsapi32.h)."""
_ACTIVE = 0
"""WTSActive of WTS_CONNECTSTATE_CLASS."""


class _LastInput(ctypes.Structure):
    """LASTINPUTINFO (winuser.h)."""

    _fields_ = (("size_bytes", ctypes.c_uint32), ("tick", ctypes.c_uint32))


class _SessionName(ctypes.Structure):
    """WTS_SESSION_INFOW (wtsapi32.h)."""

    _fields_ = (
        ("session_id", ctypes.c_uint32),
        ("station_name", ctypes.c_void_p),
        ("state", ctypes.c_int),
    )


class Libraries:
    """`WindowsCalls` as Windows has them; the libraries are loaded when first asked."""

    @cached_property
    def _kernel(self) -> ctypes.CDLL:
        return ctypes.CDLL("kernel32")

    @cached_property
    def _user(self) -> ctypes.CDLL:
        return ctypes.CDLL("user32")

    @cached_property
    def _shell(self) -> ctypes.CDLL:
        return ctypes.CDLL("shell32")

    @cached_property
    def _terminals(self) -> ctypes.CDLL:
        return ctypes.CDLL("wtsapi32")

    @cached_property
    def _own_session(self) -> int:
        number = ctypes.c_uint32()
        process = ctypes.c_uint32(os.getpid())
        _check(self._kernel.ProcessIdToSessionId(process, ctypes.byref(number)), "own session")
        return number.value

    def own_session(self) -> int:
        """Return the session that this program runs in; it never changes."""
        return self._own_session

    def last_input_tick(self) -> int:
        """Ask GetLastInputInfo."""
        info = _LastInput(ctypes.sizeof(_LastInput), 0)
        _check(self._user.GetLastInputInfo(ctypes.byref(info)), "GetLastInputInfo")
        return int(info.tick)

    def tick(self) -> int:
        """Ask GetTickCount."""
        return int(self._kernel.GetTickCount()) % 2**32  # a signed number, as ctypes takes it

    def notification_state(self) -> int:
        """Ask SHQueryUserNotificationState."""
        state = ctypes.c_int()
        result = self._shell.SHQueryUserNotificationState(ctypes.byref(state))
        _check(result == 0, "SHQueryUserNotificationState")
        return state.value

    def active_sessions(self) -> tuple[int, ...]:
        """Ask WTSEnumerateSessionsW of this machine."""
        found, count = ctypes.POINTER(_SessionName)(), ctypes.c_uint32()
        done = self._terminals.WTSEnumerateSessionsW(
            None, 0, 1, ctypes.byref(found), ctypes.byref(count)
        )
        _check(done, "WTSEnumerateSessions")
        with self._freed(found):
            all_sessions = [found[at] for at in range(count.value)]
            return tuple(int(each.session_id) for each in all_sessions if each.state == _ACTIVE)

    def session_info(self, session_id: int) -> bytes:
        """Ask WTSQuerySessionInformationW for everything it has."""
        found, size_bytes = ctypes.c_void_p(), ctypes.c_uint32()
        done = self._terminals.WTSQuerySessionInformationW(
            None,
            ctypes.c_uint32(session_id),
            _INFO_EX,
            ctypes.byref(found),
            ctypes.byref(size_bytes),
        )
        _check(done, "WTSQuerySessionInformation")
        with self._freed(found):
            return ctypes.string_at(found, size_bytes.value)

    @contextmanager
    def _freed(self, pointer: ctypes._Pointer[_SessionName] | ctypes.c_void_p) -> Iterator[None]:
        try:
            yield
        finally:
            self._terminals.WTSFreeMemory(pointer)


def _check(done: object, call: str) -> None:
    if not done:
        raise OSError(call)
