"""One task's proxy as the worker sees it: started, told its rates, heard, ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridle.market.protocol.errors import UnavailableError

_HOST = Path(__file__).with_name("net_host.py")
"""Run by path and never imported: it fences the process that it is in."""
_SOURCE_FOLDER = _HOST.parents[3]
_READY_TIMEOUT_S = 30.0
_LINE_BYTES = 1024
_END_TIMEOUT_S = 10.0
_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
_SPACE = re.compile(r"/proc/[0-9]{1,10}/fd/[0-9]{1,4}")
_RESOLVER = {"LOCALDOMAIN": ".", "RES_OPTIONS": "timeout:3 attempts:2"}
"""resolv.conf(5): a name is looked up as it stands, never below this network's own domain."""

_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="net-spawner")
"""Children die with the thread that spawned them (PR_SET_PDEATHSIG): this one never ends."""


@dataclass(frozen=True)
class Moved:
    """Bytes that crossed the network, as the task sees it."""

    sent_bytes: int = 0
    received_bytes: int = 0

    def plus(self, other: Moved) -> Moved:
        """Return the sum."""
        return Moved(self.sent_bytes + other.sent_bytes, self.received_bytes + other.received_bytes)


@dataclass(frozen=True)
class Rates:
    """Bytes a second: None is no limit, 0 lets nothing pass."""

    sent_bytes_s: int | None = None
    received_bytes_s: int | None = None


class NetProcess:
    """`prefix` is a program that runs the proxy where the container's namespaces can be made.

    Raises (when made):
        UnavailableError: it could not be started; nothing is left behind.
    """

    def __init__(
        self, allow: tuple[str, ...], most_bytes: int, rates: Rates, prefix: tuple[str, ...] = ()
    ) -> None:
        command = [*prefix, sys.executable, "-I", "-S", str(_HOST), str(_SOURCE_FOLDER)]
        self._child = _spawn(command, plain=not prefix)
        self._lock = threading.Lock()
        self._moved = Moved()
        self._most_bytes = most_bytes
        self._reader = threading.Thread(target=self._read, name="net-moved", daemon=True)
        try:
            self._say({"allow": allow, "most_bytes": most_bytes, **_line(rates)})
            self.space = self._await_space()
            """The path of its network namespace, which the task's container joins."""
        except UnavailableError:
            self._child.kill()
            raise
        finally:
            self._reader.start()

    @property
    def moved(self) -> Moved:
        """All that it moved so far, or until it ended."""
        with self._lock:
            return self._moved

    def limit(self, rates: Rates) -> None:
        """Hold to these rates from now on; nothing to do for one that has ended."""
        with contextlib.suppress(UnavailableError):
            self._say(_line(rates))

    def end(self) -> Moved:
        """End it, with the connections that it holds; return all that it moved."""
        self._hang_up()
        self._reader.join(_END_TIMEOUT_S)
        if self._reader.is_alive():
            self._child.kill()
            self._reader.join()
        return self.moved

    def _say(self, fact: dict[str, Any]) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it was asked for as a pipe
        try:
            with self._lock:
                self._child.stdin.write(json.dumps(fact).encode("ascii") + b"\n")
                self._child.stdin.flush()
        except (OSError, ValueError) as error:
            raise _not_started(type(error).__name__) from error

    def _await_space(self) -> str:
        assert self._child.stdout is not None  # noqa: S101 - it was asked for as a pipe
        ready, _, _ = select.select([self._child.stdout], [], [], _READY_TIMEOUT_S)
        untrusted_line = self._child.stdout.readline(_LINE_BYTES) if ready else b""
        try:
            fact = json.loads(untrusted_line)
            space = str(fact["space"])
        except _UNREADABLE:
            raise _not_started(untrusted_line[:100].decode("ascii", "replace")) from None
        if not _SPACE.fullmatch(space):
            raise _not_started("its answer could not be understood")
        return space

    def _read(self) -> None:
        """Hear it until its end: it has met hostile bytes, so its figures are only so true."""
        assert self._child.stdout is not None  # noqa: S101 - it was asked for as a pipe
        with self._child.stdout as lines:
            while untrusted_line := lines.readline(_LINE_BYTES):
                with contextlib.suppress(*_UNREADABLE):
                    fact = json.loads(untrusted_line)
                    self._count(int(fact["sent_bytes"]), int(fact["received_bytes"]))
        self._child.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it was asked for as a pipe
        with self._lock, contextlib.suppress(OSError):
            self._child.stdin.close()

    def _count(self, sent_bytes: int, received_bytes: int) -> None:
        with self._lock:  # it never falls
            self._moved = Moved(
                max(self._moved.sent_bytes, min(sent_bytes, self._most_bytes)),
                max(self._moved.received_bytes, min(received_bytes, self._most_bytes)),
            )


def _spawn(command: list[str], *, plain: bool) -> subprocess.Popen[bytes]:
    # nothing of the worker's goes along, but a rootless engine needs HOME and its like
    environment = _RESOLVER if plain else {**os.environ, **_RESOLVER}
    try:
        return _spawner.submit(
            lambda: subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        ).result()
    except OSError as error:
        raise _not_started(type(error).__name__) from error


def _line(rates: Rates) -> dict[str, int | None]:
    return {"sent_bytes_s": rates.sent_bytes_s, "received_bytes_s": rates.received_bytes_s}


def _not_started(reason: str) -> UnavailableError:
    said = ascii(reason)[1:-1]
    return UnavailableError(
        f"The proxy for a task's network could not be started ({said}); the task is given back.",
        f"无法启动任务的网络代理（{said}）；该任务将被退回。",
    )
