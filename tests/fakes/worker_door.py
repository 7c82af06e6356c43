"""A worker's local door for GUI tests: the real messages over a real socket, in Qt's event loop."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import (
    IPC_VERSION,
    Changed,
    Command,
    FromClient,
    FromWorker,
    Hello,
    Refused,
    Reply,
    Request,
    Snapshot,
    Welcome,
    WorkerState,
)

BAD_TOKEN = Sentence("The token is wrong.", "令牌错误。")


class WorkerDoor:
    """Answers as a worker does; `commands` are those that came, oldest first."""

    def __init__(self, home: Path, state: WorkerState, ipc_version: int = IPC_VERSION) -> None:
        self.commands: list[Command] = []
        self.clients_greeted = 0
        self.refuse_with: Sentence | None = None
        self.state = state
        self._ipc_version = ipc_version
        self._seq = 0
        self._token = Endpoint(home).make_token()
        self.clients: list[QLocalSocket] = []
        self._server = QLocalServer()
        self._server.newConnection.connect(self._accept)
        QLocalServer.removeServer(str(Endpoint(home).socket_path))
        assert self._server.listen(str(Endpoint(home).socket_path))

    def change(self, state: WorkerState) -> None:
        """Tell every client the new state."""
        self.state = state
        self._seq += 1
        for client in self.clients:
            self._write(client, Changed(self._seq, state))

    def send_raw(self, line: bytes) -> None:
        """Send anything at all to every client."""
        for client in self.clients:
            client.write(line)
            client.flush()

    def die(self) -> None:
        """End as a killed worker does: every connection closes."""
        self._server.close()
        for client in tuple(self.clients):
            client.abort()
        self.clients.clear()

    def _accept(self) -> None:
        while self._server.hasPendingConnections():
            client = self._server.nextPendingConnection()
            client.readyRead.connect(lambda client=client: self._read(client))
            client.disconnected.connect(lambda client=client: self._forget(client))

    def _forget(self, client: QLocalSocket) -> None:
        if client in self.clients:
            self.clients.remove(client)

    def _read(self, client: QLocalSocket) -> None:
        while client.canReadLine():
            line = bytes(client.readLine().data())
            self._answer(client, msgspec.json.decode(line, type=FromClient))

    def _answer(self, client: QLocalSocket, message: FromClient) -> None:
        match message:
            case Hello(token=token):
                if token != self._token:
                    self._write(client, Refused(BAD_TOKEN))
                    client.disconnectFromServer()
                    return
                self.clients_greeted += 1
                self.clients.append(client)
                self._write(client, Welcome(self._ipc_version, "0.1.0", 1))
                self._write(client, Snapshot(self._seq, self.state))
            case Request(id=number, command=command):
                self.commands.append(command)
                self._write(client, Reply(number, self.refuse_with))

    def _write(self, client: QLocalSocket, message: FromWorker) -> None:
        client.write(msgspec.json.encode(message) + b"\n")
        client.flush()
