"""Landlock: after it, nothing can be opened or made but in the folders that are named.

After the kernel's Documentation/userspace-api/landlock.rst; a kernel tells the newest version of
the interface that it knows, and each version handles more.
"""

from __future__ import annotations

import ctypes
import os

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_TELL_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
READS = _READ_FILE | _READ_DIR
WRITES = READS | _WRITE_FILE | _REMOVE_FILE | _MAKE_FILE | _TRUNCATE

_FILE_RIGHTS = {1: 2**13 - 1, 2: 2**14 - 1, 3: 2**15 - 1, 4: 2**15 - 1, 5: 2**16 - 1}
"""All that each version can keep from files; from 5 on it is the same."""
_NET_RIGHTS = 0b11
"""TCP's bind and connect, from version 4 on."""
_SCOPES = 0b11
"""Abstract Unix sockets and signals of others, from version 6 on."""
_WORDS_BEFORE_NET, _WORDS_BEFORE_SCOPES = 4, 6


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version(libc: ctypes.CDLL) -> int:
    """Return the version of Landlock here; 0 where there is none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _TELL_VERSION)))


def handled(known_version: int) -> tuple[int, ...]:
    """Return the words of landlock_ruleset_attr that this version knows: all is refused."""
    files = _FILE_RIGHTS[min(known_version, max(_FILE_RIGHTS))]
    if known_version < _WORDS_BEFORE_NET:
        return (files,)
    if known_version < _WORDS_BEFORE_SCOPES:
        return (files, _NET_RIGHTS)
    return (files, _NET_RIGHTS, _SCOPES)


def restrict(libc: ctypes.CDLL, folders: dict[str, int]) -> bool:
    """Keep this thread, and those that it starts, to `folders`, each with its rights.

    Returns:
        Whether it holds; False where this kernel has none.

    Raises:
        OSError: it was refused, or a folder is not there.
    """
    known_version = version(libc)
    if not known_version:
        return False
    words = handled(known_version)
    attributes = (ctypes.c_uint64 * len(words))(*words)
    ruleset = _checked(
        libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(ctypes.sizeof(attributes)), 0)
    )
    for path, rights in folders.items():
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _PathBeneath(rights & words[0], parent)
        _checked(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
        os.close(parent)
    _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
    return True


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    return result
