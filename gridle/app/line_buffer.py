"""Lines out of a stream of bytes, with a limit on their length."""

from __future__ import annotations

from gridle.market.protocol.errors import InvalidInputError


class LineBuffer:
    """Collects bytes as they arrive and gives back whole lines."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._rest = b""

    def take(self, untrusted_bytes: bytes) -> list[bytes]:
        """Return the lines that are whole now, without their ends.

        Raises:
            InvalidInputError: a line is longer than allowed.
        """
        *lines, self._rest = (self._rest + untrusted_bytes).split(b"\n")
        if any(len(line) > self._max_line_bytes for line in (*lines, self._rest)):
            self._rest = b""
            raise InvalidInputError(
                "The worker sent a message that is too long; update Gridle on this computer.",
                "工作程序发来的消息过长；请更新这台电脑上的 Gridle。",
            )
        return lines
