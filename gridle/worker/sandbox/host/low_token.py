"""The fence of a task's process on Windows: its own token, robbed of all rights. Not yet run there.

After Microsoft's documentation of AdjustTokenPrivileges, SetTokenInformation and mandatory
integrity control: a process of low integrity can write nothing that is not labelled low, whoever
owns it. Its Job Object (see windows_job) keeps it from starting others.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOKEN_RIGHTS = 0x80 | 0x20 | 0x08
"""TOKEN_ADJUST_DEFAULT, TOKEN_ADJUST_PRIVILEGES, TOKEN_QUERY."""
_PRIVILEGES_CLASS, _INTEGRITY_CLASS = 3, 25
_PRIVILEGE_REMOVED = 0x4
_PRIVILEGE_BYTES, _COUNT_BYTES = 12, 4
_GROUP_INTEGRITY = 0x20
_LABEL_INFORMATION = 0x10
_LOW_SID = "S-1-16-4096"
LOW_LABEL = "S:(ML;OICI;NW;;;LW)"
"""A security descriptor that lets low integrity write, here and below."""
_ROOM_BYTES = 4096


class _Label(ctypes.Structure):
    """TOKEN_MANDATORY_LABEL."""

    _fields_ = (("sid", ctypes.c_void_p), ("attributes", ctypes.c_uint32))


def all_removed(privileges: bytes) -> bytes:
    """Return a TOKEN_PRIVILEGES with each privilege to be removed for good."""
    count = int.from_bytes(privileges[:_COUNT_BYTES], "little")
    parts = [privileges[:_COUNT_BYTES]]
    for index in range(count):
        at = _COUNT_BYTES + index * _PRIVILEGE_BYTES
        parts.append(privileges[at : at + 8] + _PRIVILEGE_REMOVED.to_bytes(4, "little"))
    return b"".join(parts)


def take(windows: Any, write: tuple[str, ...]) -> None:  # noqa: ANN401 - advapi32, or a test's
    """Give this process a token that can write in these folders alone, for ever.

    Raises:
        OSError: Windows refused.
    """
    _label_low(windows, write)
    token, length = ctypes.c_void_p(), ctypes.c_uint32()
    process = ctypes.c_void_p(-1)  # GetCurrentProcess's constant
    _check(windows.OpenProcessToken(process, _TOKEN_RIGHTS, ctypes.byref(token)))
    room = ctypes.create_string_buffer(_ROOM_BYTES)
    _check(
        windows.GetTokenInformation(
            token, _PRIVILEGES_CLASS, room, _ROOM_BYTES, ctypes.byref(length)
        )
    )
    wanted = ctypes.create_string_buffer(all_removed(room.raw[: length.value]))
    _check(windows.AdjustTokenPrivileges(token, 0, wanted, 0, None, None))
    low = _Label(attributes=_GROUP_INTEGRITY)
    sid = ctypes.c_void_p()
    _check(windows.ConvertStringSidToSidW(_LOW_SID, ctypes.byref(sid)))
    low.sid = sid.value
    size = ctypes.sizeof(low)
    _check(windows.SetTokenInformation(token, _INTEGRITY_CLASS, ctypes.byref(low), size))


def load() -> Any:  # noqa: ANN401 - a foreign library has no type
    """Return advapi32.

    Raises:
        OSError: this is not Windows.
    """
    if not hasattr(ctypes, "WinDLL"):
        raise OSError("not Windows")
    return ctypes.WinDLL("advapi32", use_last_error=True)


def _label_low(windows: Any, folders: tuple[str, ...]) -> None:  # noqa: ANN401 - see take
    descriptor = ctypes.c_void_p()
    _check(
        windows.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            LOW_LABEL, 1, ctypes.byref(descriptor), None
        )
    )
    for folder in folders:
        _check(windows.SetFileSecurityW(folder, _LABEL_INFORMATION, descriptor))


def _check(done: int) -> None:
    if not done:
        raise OSError("a call on this process's token was refused")
