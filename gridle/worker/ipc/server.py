"""The worker's side of the local door: several clients, each trusted only with the token."""

from __future__ import annotations

import contextlib
import hmac
import os
import socket
import threading
import time
from collections.abc import Callable

from gridle import __version__
from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.lines import LineReader
from gridle.worker.ipc.listener import close, listen
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

MIN_PERIOD_S = 0.1
HANDSHAKE_S = 5.0
SEND_TIMEOUT_S = 2.0
MAX_CLIENTS = 16

OnCommand = Callable[[Command, Callable[[Sentence | None], None]], None]
"""Takes a command and how to answer it."""


_WRONG_TOKEN = Sentence(
    "This program may not control the worker: its token is wrong.",
    "此程序无权控制工作端：令牌不正确。",
)
_OTHER_VERSION = Sentence(
    "This program and the worker are of different versions; restart both after the update.",
    "此程序与工作端版本不同；更新后请重新启动两者。",
)
_TOO_MANY = Sentence(
    "Too many programs are connected to the worker; close one of them.",
    "连接到工作端的程序过多；请关闭其中一个。",
)


class _Client:
    """One connection; anything wrong with it ends it alone."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self.reader = LineReader(connection)
        self.is_welcome = False
        self.sent_seq = -1

    def wait_for_line(self) -> bytes | None:
        """Return the next line however long it takes; None once the client is gone."""
        while True:
            try:
                return self.reader.line()
            except TimeoutError:
                if not self.is_welcome:
                    return None

    def send(self, message: FromWorker) -> bool:
        """Send a message; tells whether the client took it in time."""
        try:
            with self._sending:
                self._connection.settimeout(SEND_TIMEOUT_S)
                self._connection.sendall(encode(message) + b"\n")
        except OSError:
            self.close()
            return False
        return True

    def set_timeout(self, timeout_s: float) -> None:
        """Set how long the client may be silent."""
        self._connection.settimeout(timeout_s)

    def close(self) -> None:
        """End the connection, and with it the thread that reads from it."""
        with contextlib.suppress(OSError):  # it was closed from the other side
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class IpcServer:
    """Shows the newest state to every client, at most ten times a second, and takes commands."""

    def __init__(self, endpoint: Endpoint, first: WorkerState, on_command: OnCommand) -> None:
        self._endpoint = endpoint
        self._token = endpoint.make_token()
        self._on_command = on_command
        self._state = first
        self._seq = 0
        self._news = threading.Condition()
        """Guards the state, its number and the clients."""
        self._clients: set[_Client] = set()
        self._closed = False
        self._listener = listen(endpoint)
        self._threads = [
            threading.Thread(target=target, name=f"ipc-{name}", daemon=True)
            for name, target in (("door", self._accept), ("news", self._tell))
        ]
        for thread in self._threads:
            thread.start()

    def publish(self, state: WorkerState) -> None:
        """Take a newer state; returns at once."""
        with self._news:
            self._state = state
            self._seq += 1
            self._news.notify_all()

    def close(self) -> None:
        """Shut the door and let every client go."""
        with self._news:
            self._closed = True
            clients = tuple(self._clients)
            self._news.notify_all()
        with contextlib.suppress(OSError):  # not every system does this to a listening socket
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        close(self._listener, self._endpoint)
        for client in clients:
            client.close()
        for thread in self._threads:
            thread.join(1.0)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            client = _Client(connection)
            client.set_timeout(HANDSHAKE_S)
            threading.Thread(
                target=self._serve, args=(client,), name="ipc-client", daemon=True
            ).start()

    def _serve(self, client: _Client) -> None:
        try:
            if self._welcome(client):
                while (line := client.wait_for_line()) is not None:
                    self._obey(client, decode(line, Request, what="request"))
        except (OSError, GridleError):
            pass  # it is gone, or speaks nonsense: it is dropped, the others notice nothing
        finally:
            with self._news:
                self._clients.discard(client)
            client.close()

    def _welcome(self, client: _Client) -> bool:
        line = client.wait_for_line()
        if line is None:
            return False
        hello = decode(line, Hello, what="greeting")
        if not hmac.compare_digest(hello.token.encode(), self._token.encode()):
            client.send(Refused(_WRONG_TOKEN))
            return False
        if hello.ipc_version != IPC_VERSION:
            client.send(Refused(_OTHER_VERSION))
            return False
        with self._news:
            if len(self._clients) >= MAX_CLIENTS:
                client.send(Refused(_TOO_MANY))
                return False
            seq, state = self._seq, self._state
        client.send(Welcome(IPC_VERSION, __version__, os.getpid()))
        client.send(Snapshot(seq, state))
        client.sent_seq = seq
        client.is_welcome = True
        with self._news:
            if self._closed:  # the door was shut while it was being greeted
                return False
            self._clients.add(client)
            self._news.notify_all()
        return True

    def _obey(self, client: _Client, request: Request) -> None:
        def answer(error: Sentence | None) -> None:
            client.send(Reply(request.id, error))

        self._on_command(request.command, answer)

    def _tell(self) -> None:
        """Send the newest state to whoever has an older one; what came between is skipped."""
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or bool(self._behind()))
                if self._closed:
                    return
                changed = Changed(self._seq, self._state)
                clients = self._behind()
            for client in clients:
                client.sent_seq = changed.seq
                client.send(changed)
            time.sleep(MIN_PERIOD_S)

    def _behind(self) -> tuple[_Client, ...]:
        return tuple(client for client in self._clients if client.sent_seq < self._seq)
