"""Whether a running program is one that the owner named."""

from __future__ import annotations

import ntpath
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

COMM_MOST_BYTES = 15
"""The kernel cuts a process's name here (TASK_COMM_LEN of linux/sched.h, with its end)."""
_INTERPRETER = re.compile(r"(python|pypy|perl|ruby|node|bash|sh|dash|zsh|lua|php|mono)[\d.]*")
_GONE = " (deleted)"


@dataclass(frozen=True)
class Program:
    """What one process says it is. All of it is untrusted: a process may call itself anything."""

    name: str
    """The kernel's name for it, perhaps cut; on Windows and macOS whole."""
    path: str = ""
    """Its program file; empty where it may not be seen."""
    arguments: tuple[str, ...] = ()
    """Needed for interpreters alone; see `runs_scripts`."""


class Wanted:
    """The owner's list, laid out so that a program is looked up rather than compared with each."""

    def __init__(self, entries: tuple[str, ...] = (), led: Mapping[str, str] | None = None) -> None:
        """Lay out the list.

        Args:
            entries: names, or whole paths.
            led: for paths that are links, where they lead: that is what the system shows.
        """
        self._entries = entries
        self._names: dict[str, str] = {}
        self._cut_names: dict[bytes, tuple[str, str]] = {}
        self._paths: dict[str, str] = {path: entry for entry, path in (led or {}).items()}
        for entry in entries:
            if _base(entry) != entry:
                self._paths[entry] = entry
                continue
            name = _plain_name(entry)
            self._names.setdefault(name, entry)
            if len(name.encode()) > COMM_MOST_BYTES:
                self._cut_names.setdefault(name.encode()[:COMM_MOST_BYTES], (name, entry))

    def __bool__(self) -> bool:
        """Return whether the owner named any."""
        return bool(self._entries)

    def first_of(self, found: set[str]) -> str | None:
        """Return the entry that stands first in the owner's list."""
        return next((entry for entry in self._entries if entry in found), None)

    def entry_for(self, program: Program) -> str | None:
        """Return the owner's entry that the program is; None where it is none.

        A name is compared without regard to case and a final `.exe`, with the file's name, with
        what the process calls itself, and with an interpreter's script; a path has to be whole.
        """
        path = program.path.removesuffix(_GONE)
        script = script_of(program)
        names = (program.name, _base(path), _base(script))
        by_name = (self._names.get(_plain_name(name)) for name in names if name)
        by_path = (self._paths.get(each) for each in (path, script) if each)
        found = next(filter(None, (*by_path, *by_name)), None)
        return found or self._entry_for_cut(program.name, _base(path))

    def _entry_for_cut(self, name: str, file_name: str) -> str | None:
        """Compare a name that the kernel cut; where the file's whole name shows, that decides."""
        cut = _plain_name(name).encode()
        if len(cut) < COMM_MOST_BYTES or cut not in self._cut_names:
            return None
        whole, entry = self._cut_names[cut]
        known = _plain_name(file_name)
        return None if known.encode().startswith(cut) and known != whole else entry


def runs_scripts(name: str, path: str) -> bool:
    """Return whether the program is known to run other people's scripts."""
    return any(_INTERPRETER.fullmatch(_plain_name(each)) for each in (name, _base(path)) if each)


def script_of(program: Program) -> str:
    """Return the script or module that an interpreter was started with, or nothing."""
    if not runs_scripts(program.name, program.path):
        return ""
    takes_next = False
    for argument in program.arguments[1:]:
        if takes_next or not argument.startswith("-"):
            return argument
        takes_next = argument == "-m"
        if argument in ("-c", "-e"):
            return ""
    return ""


def _base(path: str) -> str:
    """Return the file's name, whichever way its system writes paths (Wine writes Windows's)."""
    return ntpath.basename(posixpath.basename(path))


def _plain_name(name: str) -> str:
    return name.casefold().removesuffix(".exe")
