"""Whether a container's first process is the task's program yet, or still the OCI runtime's.

An engine makes a container first and starts it a moment later. One that is frozen in between can
no longer be started.
"""

from __future__ import annotations

from pathlib import Path

_RUNTIMES = ("runc", "crun", "runsc", "youki")


def has_begun(pid: int, proc: Path = Path("/proc")) -> bool | None:
    """Tell by the process's program; None where only the engine can know.

    A runtime runs from a copy of itself that lies nowhere, as `/` or `/memfd:…`. The first process
    of gVisor (runsc) stays the runtime's own.
    """
    try:
        program = str((proc / str(pid) / "exe").readlink())
        name = (proc / str(pid) / "comm").read_text("utf-8", "replace")
    except FileNotFoundError:
        return True  # it began, and ended
    except OSError:
        return None  # another user's, as with Docker
    copied = program == "/" or program.startswith("/memfd:")
    if copied or any(each in program.rpartition("/")[2] or each in name for each in _RUNTIMES):
        return None if "runsc" in program or "runsc" in name else False
    return True
