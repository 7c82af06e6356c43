"""A range of user ids that nobody has here, onto which an engine with root maps a task's users.

So a task that breaks out of its container is nobody there, and owns no file of this machine.
"""

from __future__ import annotations

from pathlib import Path

SPARE_IDS = 65536
_FIRST = 1_879_048_192
"""Where systemd's ranges for containers end (systemd: docs/UIDS-GIDS.md); unused by custom."""
_LAST = 2_147_352_575
_FIELDS = 3
_READ_BYTES = 2**20


def find_spare_ids(etc: Path = Path("/etc"), proc: Path = Path("/proc")) -> int | None:
    """Return the first of 65536 spare ids; None where this machine cannot map users.

    The same at each call, for the engine keeps an image's files by the range they are mapped to.
    """
    if _text(proc / "sys/user/max_user_namespaces").strip() in {"", "0"}:
        return None
    taken = _ranges(_text(etc / "subuid")) + _ranges(_text(etc / "subgid"))
    held = [_held(_text(proc / "self" / name)) for name in ("uid_map", "gid_map")]
    for first in range(_FIRST, _LAST - SPARE_IDS, SPARE_IDS):
        if not any(first < start + count and start < first + SPARE_IDS for start, count in taken):
            holds = all(
                any(start <= first and first + SPARE_IDS <= start + count for start, count in each)
                for each in held
            )
            return first if holds else None
    return None


def _ranges(untrusted: str) -> list[tuple[int, int]]:
    """Read `name:first:count` lines (subuid(5))."""
    parts = (line.split(":") for line in untrusted.splitlines())
    return [
        (int(part[1]), int(part[2]))
        for part in parts
        if len(part) == _FIELDS and part[1].isdecimal() and part[2].isdecimal()
    ]


def _held(text: str) -> list[tuple[int, int]]:
    """Read the ids that this process's own user namespace has (user_namespaces(7))."""
    rows = (line.split() for line in text.splitlines())
    return [(int(row[0]), int(row[2])) for row in rows if len(row) == _FIELDS]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_READ_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
