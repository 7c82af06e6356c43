"""The app's connection to the worker: one local socket in the event loop, no threads.

It connects by itself, again and again with growing pauses, and always shows what the worker
last said. The worker owns the truth; nothing here outlives a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalSocket

from gridle.app import texts
from gridle.app.line_buffer import LineBuffer
from gridle.app.link_status import LinkStatus
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import (
    IPC_VERSION,
    MAX_LINE_BYTES,
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

FIRST_RETRY_MS = 200
MOST_RETRY_MS = 3000
ANSWER_TIMEOUT_MS = 10_000
CLIENT_NAME = "app"

OnReply = Callable[[Sentence | None], None]
"""Called once for each command: None when done, else why not."""


class WorkerLink(QObject):
    """Follows one worker. `changed` comes after every change of `status` or `state`."""

    changed = Signal()

    def __init__(self, endpoint: Endpoint, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status = LinkStatus.SEARCHING
        self.state: WorkerState | None = None
        self.refusal: Sentence | None = None
        self._endpoint = endpoint
        self._decoder: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
        self._buffer = LineBuffer(MAX_LINE_BYTES)
        self._waiting: dict[int, OnReply] = {}
        self._next_id = 1
        self._retry_ms = FIRST_RETRY_MS
        self._socket = QLocalSocket(self)
        self._socket.connected.connect(self._greet)
        self._socket.readyRead.connect(self._read)
        self._socket.stateChanged.connect(self._on_socket_state)
        self._retry = _single_shot(self, self._connect)
        self._silence = _single_shot(self, self._socket.abort)

    def open(self) -> None:
        """Begin to follow the worker."""
        self._connect()

    def close(self) -> None:
        """Stop for good; the worker goes on."""
        self._retry.stop()
        self._socket.stateChanged.disconnect(self._on_socket_state)
        self._socket.abort()

    def look_again(self) -> None:
        """Connect soon, because a worker has just been started."""
        self._retry_ms = FIRST_RETRY_MS
        if self.status is not LinkStatus.CONNECTED:
            self._retry.start(FIRST_RETRY_MS)

    def send(self, command: Command, on_reply: OnReply) -> None:
        """Ask the worker for something; without a connection the reply says so at once."""
        if self.status is not LinkStatus.CONNECTED:
            on_reply(texts.WORKER_NOT_RUNNING)
            return
        self._waiting[self._next_id] = on_reply
        self._write(Request(id=self._next_id, command=command))
        self._next_id += 1

    def _connect(self) -> None:
        if self._socket.state() is not QLocalSocket.LocalSocketState.UnconnectedState:
            return
        if not self._endpoint.token_path.exists():
            self._lost()
            return
        self._socket.connectToServer(str(self._endpoint.socket_path))

    def _greet(self) -> None:
        try:
            token = self._endpoint.read_token()
        except (OSError, UnicodeDecodeError):
            self._socket.abort()
            return
        self._buffer = LineBuffer(MAX_LINE_BYTES)
        self._silence.start(ANSWER_TIMEOUT_MS)
        self._write(Hello(token=token, ipc_version=IPC_VERSION, client=CLIENT_NAME))

    def _write(self, message: Hello | Request) -> None:
        self._socket.write(msgspec.json.encode(message) + b"\n")

    def _read(self) -> None:
        try:
            for untrusted_line in self._buffer.take(bytes(self._socket.readAll().data())):
                self._take(self._decoder.decode(untrusted_line))
                if self._socket.state() is not QLocalSocket.LocalSocketState.ConnectedState:
                    break  # refused: what follows on this connection does not count
        except (InvalidInputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The next connection begins with a whole snapshot, so nothing is lost with this one.
            self._socket.abort()

    def _take(self, message: FromWorker) -> None:
        match message:
            case Welcome(ipc_version=version):
                if version != IPC_VERSION:
                    self._refuse(texts.OTHER_VERSION)
            case Refused(sentence=sentence):
                self._refuse(sentence)
            case Snapshot(state=state) | Changed(state=state):
                self._show(state)
            case Reply(id=number, error=error):
                on_reply = self._waiting.pop(number, None)
                if on_reply is not None:
                    on_reply(error)

    def _show(self, state: WorkerState) -> None:
        self._silence.stop()
        self._retry_ms = FIRST_RETRY_MS
        self.refusal = None
        self.status = LinkStatus.CONNECTED
        self.state = state
        self.changed.emit()

    def _refuse(self, sentence: Sentence) -> None:
        self.refusal = sentence
        self._socket.abort()

    def _on_socket_state(self, state: QLocalSocket.LocalSocketState) -> None:
        if state is QLocalSocket.LocalSocketState.UnconnectedState:
            self._lost()

    def _lost(self) -> None:
        """Forget what only a living worker can know, and try again later."""
        self._silence.stop()
        waiting, self._waiting = self._waiting, {}
        self.state = None
        self.status = LinkStatus.ABSENT if self.refusal is None else LinkStatus.REFUSED
        self._retry.start(self._retry_ms)
        self._retry_ms = min(2 * self._retry_ms, MOST_RETRY_MS)
        self.changed.emit()
        for on_reply in waiting.values():
            on_reply(texts.WORKER_WENT_AWAY)


def _single_shot(parent: QObject, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(slot)
    return timer
