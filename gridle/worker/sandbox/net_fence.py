"""The fence around a task's proxy: no privilege, no file but what resolving names needs.

Linux. The standard library alone: the proxy's process reads it.
"""

from __future__ import annotations

import ctypes
import os
import struct

_NOBODY = 65534
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET = 444  # the same number on every architecture
_ADD_RULE = 445
_RESTRICT_SELF = 446
_VERSION_FLAG = 1
_RULE_PATH = 1
_RULE_PORT = 2
_EXECUTE_AND_READ = 0b1101
"""EXECUTE, READ_FILE, READ_DIR: a name service is a library that is loaded when first used."""
_ALL_OF_FILES = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files a version of Landlock knows; from the fifth on, one more."""
_BIND_AND_CONNECT = 0b11
_CONNECT = 0b10
_SCOPES = 0b11
"""Abstract Unix sockets, and signals to others."""
_PORTS = (80, 443, 53)
_FOLDERS = (
    "/etc",
    "/lib",
    "/lib64",
    "/run",
    "/usr",
    "/nix/store",
    "/proc/net",
    "/sys/devices/system/cpu",
)
_NETWORK_SINCE = 4
_SCOPES_SINCE = 6
_IOCTL_SINCE = 5

_libc = ctypes.CDLL(None, use_errno=True)


def confine() -> None:
    """Become nobody, for ever; then what Landlock (landlock(7)) can hold, where the kernel has it.

    Raises:
        OSError: the privileges stay.
    """
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)  # from root to another: all capabilities go
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))  # nobody else's processes may look inside
    version = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version >= 1:
        _restrict(version)


def _restrict(version: int) -> None:
    files = (1 << _ALL_OF_FILES.get(version, 16)) - 1
    network = _BIND_AND_CONNECT if version >= _NETWORK_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    handled = struct.pack("=QQQ", files, network, scopes)
    size = 24 if scopes else 16 if network else 8
    rules = _check(_libc.syscall(_CREATE_RULESET, handled, size, 0))
    try:
        for folder in _FOLDERS:
            _allow_reading(rules, folder)
        for port in _PORTS if network else ():
            rule = struct.pack("=QQ", _CONNECT, port)
            _check(_libc.syscall(_ADD_RULE, rules, _RULE_PORT, rule, 0))
        _check(_libc.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def _allow_reading(rules: int, folder: str) -> None:
    try:
        path = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _check(
            _libc.syscall(
                _ADD_RULE, rules, _RULE_PATH, struct.pack("=Qi", _EXECUTE_AND_READ, path), 0
            )
        )
    finally:
        os.close(path)


def _check(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
