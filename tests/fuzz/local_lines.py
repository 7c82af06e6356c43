"""What comes through the local door, from a client or from a program that plays the worker."""

from __future__ import annotations

import socket
from typing import Any, cast

from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.ipc.lines import LineReader
from gridle.worker.ipc.messages import (
    IPC_VERSION,
    AnswerJob,
    FinishWork,
    FromClient,
    FromWorker,
    Hello,
    JudgePublisher,
    PauseWork,
    Refused,
    Reply,
    Request,
    SetLimits,
    Snapshot,
    StartWork,
    Welcome,
)
from gridle.worker.policy.consent import Answer
from gridle.worker.policy.limits import default_limits
from tests.fakes.worker_states import ADDRESS, MACHINE_BYTES, worker_state
from tests.fuzz.bounds import assert_plain, bounded
from tests.rigs.worker_jobs import JUDGED

_MAX_LINE_BYTES = 20_000
_KINDS: tuple[Any, ...] = (Request, Hello, FromClient, FromWorker)
_CLIENTS = (
    Hello("token", IPC_VERSION, "app"),
    Request(1, StartWork()),
    Request(2, PauseWork(60.0)),
    Request(3, FinishWork()),
    Request(4, SetLimits(default_limits(4, MACHINE_BYTES))),
    Request(5, AnswerJob("job-" + "0" * 16, Answer.ONCE)),
    Request(6, JudgePublisher(ADDRESS, None)),
)
_WORKERS = (Welcome(1, "0.1", 7), Refused(JUDGED), Snapshot(1, worker_state()), Reply(1, JUDGED))
SEEDS = tuple(
    bytes([kind, 7]) + b"".join(encode(each) + b"\n" for each in said)
    for kind, said in ((0, _CLIENTS[1:]), (1, _CLIENTS[:1]), (2, _CLIENTS), (3, _WORKERS))
)
TOKENS = (
    b"\n", b"\n\n", b"\r\n", b"\0", b"1e308", b"-1e308", b"9" * 60, b"\\ud800", b"[[[[", b'{"a":',
    b'"type":"start"', b"null", b"\xff", b"x" * 2000, b'"id":', b"-1", b"true",
)  # fmt: skip


class _Pipe:
    """The receiving side of a socket: pieces of the sizes that the input names."""

    def __init__(self, data: bytes, most_bytes: int) -> None:
        self._data = data
        self._most_bytes = most_bytes

    def recv(self, _size: int) -> bytes:
        piece, self._data = self._data[: self._most_bytes], self._data[self._most_bytes :]
        return piece


def one_input(data: bytes) -> None:
    """Lines come out as they were sent, none too long; messages can be answered, or end it."""
    kind = _KINDS[data[0] % len(_KINDS) if data else 0]
    piece_bytes = 1 + 16 * (data[1] if len(data) > 1 else 0)
    said = data[2:]
    pipe = cast("socket.socket", _Pipe(said, piece_bytes))
    heard: list[bytes] = []
    with bounded(data):
        try:
            heard.extend(LineReader(pipe, _MAX_LINE_BYTES))
        except InvalidInputError as error:
            assert_plain(str(error))
            assert max(map(len, said.split(b"\n"))) > _MAX_LINE_BYTES
    assert heard == said.split(b"\n")[: len(heard)]
    for line in heard:
        try:
            message = decode(line, kind, what="message")
        except InvalidInputError:
            return
        assert decode(encode(message), kind, what="message") == message
        if isinstance(message, Hello):
            message.token.encode()  # it is compared so
        if isinstance(message, Request):
            encode(Reply(message.id))
