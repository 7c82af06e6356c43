"""Time and randomness that are the same for the same task on every machine."""

from __future__ import annotations

from gridle.worker.sandbox.host.digest import sha256

BEGIN_NS = 946_684_800 * 10**9
"""When every task begins: 2000-01-01 00:00:00 UTC."""
TICK_NS = 1000
"""How far each reading of a clock moves all of them, so that waiting for a time always ends."""
REALTIME = 0
_CLOCKS = 4


class VirtualClock:
    """All WASI clocks as one: each reading moves it by a tick, a sleep by what was asked for."""

    def __init__(self) -> None:
        self._passed_ns = 0

    def read_ns(self, clock: int) -> int | None:
        """Return a clock's time and move on; None for a clock that there is not."""
        if not 0 <= clock < _CLOCKS:
            return None
        self._passed_ns += TICK_NS
        return self._passed_ns + (BEGIN_NS if clock == REALTIME else 0)

    def sleep_ns(self, span_ns: int) -> None:
        """Let this much time pass."""
        self._passed_ns += max(0, span_ns)


class SeededBytes:
    """An endless stream: SHA-256 over the seed and a counter of 8 bytes, little-endian."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._block = 0
        self._left = b""

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        parts = [self._left]
        have = len(self._left)
        while have < count:
            part = sha256(self._seed + self._block.to_bytes(8, "little")).digest()
            self._block += 1
            parts.append(part)
            have += len(part)
        joined = b"".join(parts)
        self._left = joined[count:]
        return joined[:count]
