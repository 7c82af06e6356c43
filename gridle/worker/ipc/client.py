"""The command line's side of the local door; the app has its own, on Qt's sockets."""

from __future__ import annotations

import itertools
import socket
from types import TracebackType
from typing import Self, TypeVar

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.lines import LineReader
from gridle.worker.ipc.listener import connect
from gridle.worker.ipc.messages import (
    IPC_VERSION,
    Changed,
    Command,
    FromWorker,
    Hello,
    Refused,
    Reply,
    Request,
    Snapshot,
    Welcome,
    WorkerState,
)

M = TypeVar("M")

_TIMEOUT_S = 10.0


class WorkerClient:
    """A connection to the running worker, as a context manager."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        """Connect and shake hands.

        Raises:
            UnavailableError: no worker runs with this home.
            RefusedError: the worker does not want this client; its sentence says why.
        """
        self._ids = itertools.count(1)
        self._connection = _connected(endpoint)
        try:
            self._lines = LineReader(self._connection)
            self._send(Hello(endpoint.read_token(), IPC_VERSION, name))
            self.welcome = self._expect(Welcome)
            self._state = self._expect(Snapshot).state
        except OSError as error:
            self.close()
            raise _not_running() from error
        except GridleError:
            self.close()
            raise

    def state(self) -> WorkerState:
        """Return the newest state that has been read."""
        return self._state

    def next_state(self) -> WorkerState:
        """Wait for the next change and return the state after it.

        Raises:
            UnavailableError: the worker ended, or nothing changed in ten seconds.
        """
        self._state = self._expect(Changed).state
        return self._state

    def ask(self, command: Command) -> None:
        """Give a command and wait until it is done.

        Raises:
            RefusedError: the worker could not do it; its sentence says why.
            UnavailableError: the worker ended meanwhile.
        """
        number = next(self._ids)
        try:
            self._send(Request(number, command))
        except OSError as error:
            raise _not_running() from error
        while (reply := self._expect(Reply)).id != number:
            pass
        if reply.error is not None:
            raise RefusedError(reply.error.en, reply.error.zh)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the connection."""
        self.close()

    def _send(self, message: Hello | Request) -> None:
        self._connection.sendall(encode(message) + b"\n")

    def _expect(self, kind: type[M]) -> M:
        """Read until a message of this kind; states that pass by are kept."""
        while True:
            try:
                line = self._lines.line()
            except OSError as error:
                raise _not_running() from error
            if line is None:
                raise _not_running()
            # mypy cannot name a union as a type object; msgspec decodes one.
            message: FromWorker = decode(line, FromWorker, what="message of the worker")  # type: ignore[arg-type]
            if isinstance(message, Refused):
                raise RefusedError(message.sentence.en, message.sentence.zh)
            if isinstance(message, Changed):
                self._state = message.state
            if isinstance(message, kind):
                return message


def _connected(endpoint: Endpoint) -> socket.socket:
    try:
        return connect(endpoint, _TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise _not_running() from error


def _not_running() -> UnavailableError:
    return UnavailableError(
        "No worker is running here; start it with `gridle worker run` or by opening the app.",
        "本机没有正在运行的工作端；请用 `gridle worker run` 或打开应用来启动它。",
    )
