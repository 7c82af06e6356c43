"""The fence of a task's process on macOS: a sandbox profile. Not yet run there.

After sandbox-exec(1) and the profiles in /usr/share/sandbox. The process applies it to itself with
sandbox_init(3), as sandbox-exec does before it starts a program: by then all libraries are loaded,
so the profile has to name nothing but the task's own folders.
"""

from __future__ import annotations

import ctypes


def profile(read: tuple[str, ...], write: tuple[str, ...]) -> str:
    """Return a profile that allows reading and writing plain files in these folders alone.

    Raises:
        ValueError: a path has a character that a profile cannot hold.
    """
    lines = ["(version 1)", "(deny default)"]
    lines += [f"(allow file-read* (subpath {_quoted(path)}))" for path in (*read, *write)]
    for path in write:
        place = f"(require-all (subpath {_quoted(path)}) (vnode-type REGULAR-FILE))"
        lines.append(f"(allow file-write* {place})")
    return "\n".join(lines) + "\n"


def apply(text: str) -> None:
    """Put this process under a profile for ever.

    Raises:
        OSError: it was refused.
    """
    library = ctypes.CDLL("/usr/lib/libSystem.dylib")
    error = ctypes.c_char_p()
    if library.sandbox_init(text.encode(), ctypes.c_uint64(0), ctypes.byref(error)):
        raise OSError("the sandbox profile was refused")


def _quoted(path: str) -> str:
    if any(character < " " for character in path):
        raise ValueError(path)
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
