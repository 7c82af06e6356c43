from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.lines import LineReader
from gridle.worker.ipc.listener import close, connect, listen
from gridle.worker.ipc.messages import IPC_VERSION, Command, Hello, PauseWork, StartWork
from gridle.worker.ipc.server import IpcServer
from tests.fakes.worker_states import worker_state as state

NO = Sentence("No.", "不行。")


class Desk:
    """Takes commands; refuses to pause."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def take(self, command: Command, answer: Callable[[Sentence | None], None]) -> None:
        self.commands.append(command)
        answer(NO if isinstance(command, PauseWork) else None)


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    return Endpoint(tmp_path)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def server(endpoint: Endpoint, desk: Desk) -> Iterator[IpcServer]:
    server = IpcServer(endpoint, state(), desk.take)
    yield server
    server.close()


def raw(endpoint: Endpoint, *lines: bytes) -> list[dict[str, object]]:
    """Send lines as they are, and read until the worker closes."""
    with connect(endpoint, 10.0) as connection:
        connection.sendall(b"".join(lines))
        connection.shutdown(socket.SHUT_WR)
        return [json.loads(line) for line in LineReader(connection)]


def hello(token: str, version: int = IPC_VERSION) -> bytes:
    return msgspec.json.encode(Hello(token, version, "test")) + b"\n"


def test_a_client_is_shown_the_state_and_each_change(server: IpcServer, endpoint: Endpoint) -> None:
    with WorkerClient(endpoint, "test") as client:
        assert client.state() == state()
        changed = msgspec.structs.replace(state(), allowed_cores=77)
        server.publish(changed)
        assert client.next_state() == changed


def test_commands_are_answered(server: IpcServer, endpoint: Endpoint, desk: Desk) -> None:
    assert server
    with WorkerClient(endpoint, "test") as client:
        client.ask(StartWork())
        with pytest.raises(RefusedError, match=r"No\."):
            client.ask(PauseWork())
    assert desk.commands == [StartWork(), PauseWork()]


def test_only_the_owner_can_open_the_socket_and_the_token(
    server: IpcServer, endpoint: Endpoint
) -> None:
    assert server
    for path in (endpoint.socket_path, endpoint.token_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_wrong_token_or_version_is_refused(server: IpcServer, endpoint: Endpoint) -> None:
    assert server
    (refused,) = raw(endpoint, hello("guess"))
    assert refused["type"] == "refused"
    (refused,) = raw(endpoint, hello(endpoint.read_token(), 99))
    assert refused["type"] == "refused"


@pytest.mark.parametrize(
    "nonsense", [b"\n", b"{}\n", b"\xff\xfe\n", b'{"type":"request"}\n', b"x" * (2**20 + 70_000)]
)
def test_nonsense_before_the_greeting_is_answered_by_silence(
    server: IpcServer, endpoint: Endpoint, nonsense: bytes
) -> None:
    assert server
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # it may hang up on us
        assert raw(endpoint, nonsense) == []


def test_nonsense_drops_its_client_and_no_other(server: IpcServer, endpoint: Endpoint) -> None:
    with WorkerClient(endpoint, "good") as good:
        answers = raw(endpoint, hello(endpoint.read_token()), b"nonsense\n")
        assert [answer["type"] for answer in answers][:2] == ["welcome", "snapshot"]
        server.publish(msgspec.structs.replace(state(), allowed_cores=3))
        assert good.next_state().allowed_cores == 3


def test_changes_that_come_fast_are_taken_together(server: IpcServer, endpoint: Endpoint) -> None:
    with WorkerClient(endpoint, "test") as client:
        for cores in range(1, 200):
            server.publish(msgspec.structs.replace(state(), allowed_cores=cores))
        seen = 0
        while client.state().allowed_cores != 199:
            client.next_state()
            seen += 1
        assert seen < 100


def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on(
    server: IpcServer, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridle.worker.ipc.server.SEND_TIMEOUT_S", 0.2)
    heavy = msgspec.structs.replace(state(), warnings=(Sentence("x" * 800_000, "x"),))
    with connect(endpoint, 10.0) as lazy, WorkerClient(endpoint, "good") as good:
        lazy.sendall(hello(endpoint.read_token()))
        LineReader(lazy).line()
        for cores in range(2, 5):
            server.publish(msgspec.structs.replace(heavy, allowed_cores=cores))
            while good.state().allowed_cores != cores:
                good.next_state()


def test_many_clients_at_once(server: IpcServer, endpoint: Endpoint) -> None:
    assert server
    seen: list[int] = []

    def look() -> None:
        with WorkerClient(endpoint, "test") as client:
            seen.append(client.welcome.pid)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [os.getpid()] * 8


def test_without_a_worker_the_client_says_so(endpoint: Endpoint) -> None:
    with pytest.raises(UnavailableError, match="No worker is running"):
        WorkerClient(endpoint, "test")


def test_after_the_worker_ended_the_client_says_so(endpoint: Endpoint, desk: Desk) -> None:
    server = IpcServer(endpoint, state(), desk.take)
    with WorkerClient(endpoint, "test") as client:
        server.close()
        with pytest.raises(UnavailableError):
            client.ask(StartWork())
    assert not endpoint.socket_path.exists()


def test_loopback_tcp_serves_where_there_are_no_unix_sockets(endpoint: Endpoint) -> None:
    listener = listen(endpoint, by_unix_socket=False)
    try:
        with connect(endpoint, 5.0, by_unix_socket=False) as client:
            served, address = listener.accept()
            with served:
                assert address[0] == "127.0.0.1"
                served.sendall(b"hello\n")
                assert LineReader(client).line() == b"hello"
    finally:
        close(listener, endpoint)
    assert not endpoint.port_path.exists()


def test_no_door_is_opened_or_knocked_at_where_anybody_could_put_another(tmp_path: Path) -> None:
    endpoint = Endpoint(tmp_path / "home")
    endpoint.home.mkdir(mode=0o700)
    endpoint.home.chmod(0o777)
    with pytest.raises(UnavailableError, match="somebody else"):
        listen(endpoint)
    with pytest.raises(PermissionError):
        connect(endpoint, 1.0)
