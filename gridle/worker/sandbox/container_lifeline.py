"""A tiny process that removes a container when the worker dies without a word (SIGKILL)."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

_SCRIPT = """
read -r client || client=0
word=
read -r word freezer
[ "$word" = ended ] && exit 0
if [ -n "$word" ]; then
    read -r ended && exit 0
    while read -r process; do
        kill -9 "$process"
    done <"${freezer%/*}/cgroup.procs" 2>/dev/null
    { printf %s "$word" >"$freezer"; } 2>/dev/null
fi
tries=0
while [ "$tries" -lt 100 ]; do
    "$@" >/dev/null 2>&1
    kill -0 "$client" 2>/dev/null || exit 0
    tries=$((tries + 1))
    sleep 0.2
done
"""
"""First line: the engine client's process id. Then, where that is known, what thaws its container:
gVisor in a frozen group answers no engine, nor does one that locked itself up, so all in the group
are killed first. Last line: all is well.
Without that, remove the container until the client has ended, for it may be just about to make it.
"""


class ContainerLifeline:
    """Holds the standard input of that process for as long as the worker lives."""

    def __init__(self, remove_argv: list[str]) -> None:
        self._child = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "gridle-lifeline", *remove_argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch_client(self, pid: int) -> None:
        """Name the engine's client process, with which the container comes and goes."""
        self._say(str(pid))

    def knows_thawing(self, file: Path, word: str) -> None:
        """Name the freezer's file, and what thaws the container when it is written there."""
        self._say(f"{word} {file}")

    def end(self) -> None:
        """The container is gone: so is the need for a lifeline."""
        self._say("ended")
        if self._child.stdin:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        self._child.kill()
        self._child.wait()

    def _say(self, line: str) -> None:
        if self._child.stdin:
            with contextlib.suppress(OSError, ValueError):
                self._child.stdin.write(line.encode("ascii") + b"\n")
                self._child.stdin.flush()
