"""Messages as lines of JSON on a socket, with a limit on each line."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.ipc.messages import MAX_LINE_BYTES

_PIECE_BYTES = 65536


class LineReader:
    """Cuts what comes from a socket into lines."""

    def __init__(self, connection: socket.socket, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._connection = connection
        self._max_line_bytes = max_line_bytes
        self._rest = bytearray()

    def line(self) -> bytes | None:
        """Return the next line without its end; None once the other side has closed.

        Raises:
            InvalidInputError: a line longer than allowed.
            OSError: the connection broke, or its timeout passed (the reader can go on).
        """
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > self._max_line_bytes:
                raise InvalidInputError(
                    f"A message on the local socket is longer than {self._max_line_bytes} bytes.",
                    f"本地套接字上的消息超过 {self._max_line_bytes} 字节。",
                )
            piece = self._connection.recv(_PIECE_BYTES)
            if not piece:
                return None
            self._rest += piece
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def __iter__(self) -> Iterator[bytes]:
        """Yield lines until the other side closes; raises as `line` does."""
        while (line := self.line()) is not None:
            yield line
