"""WASI preview 1's calls on all that is no file: words, clocks, randomness, waiting, the end."""

# ruff: noqa: D102 - each call is described in its witx files

from __future__ import annotations

import time

from gridle.worker.sandbox.host.virtual import TICK_NS, SeededBytes, VirtualClock
from gridle.worker.sandbox.host.wasi_errno import (
    BADF,
    INVAL,
    NOTSOCK,
    NOTSUP,
    GuestBroken,
    GuestError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gridle.worker.sandbox.host.guest_memory import GuestMemory
    from gridle.worker.sandbox.host.open_files import OpenFiles

_SUBSCRIPTION_BYTES, _EVENT_BYTES = 48, 32
_CLOCK_EVENT = 0
_ABSOLUTE = 1
_LONGEST_SLEEP_S = 3600.0
_RANDOM_PART_BYTES = 2**16


class Exited(Exception):  # noqa: N818 - no error: the guest ended by itself
    """The guest ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class WorldCalls:
    """Each method is the call of its name, on words as they come; memory is set before each."""

    memory: GuestMemory

    def __init__(self, arguments: list[str], seed: bytes, files: OpenFiles) -> None:
        self._arguments = [argument.encode() + b"\0" for argument in arguments]
        self._clock = VirtualClock()
        self._random = SeededBytes(seed)
        self._opened = files

    def args_sizes_get(self, count_at: int, bytes_at: int) -> None:
        self.memory.put(count_at, len(self._arguments), 4)
        self.memory.put(bytes_at, sum(map(len, self._arguments)), 4)

    def args_get(self, pointers_at: int, words_at: int) -> None:
        for index, word in enumerate(self._arguments):
            self.memory.put(pointers_at + 4 * index, words_at, 4)
            self.memory.write(words_at, word)
            words_at += len(word)

    def environ_sizes_get(self, count_at: int, bytes_at: int) -> None:
        self.memory.put(count_at, 0, 4)
        self.memory.put(bytes_at, 0, 4)

    def environ_get(self, _pointers_at: int, _words_at: int) -> None:
        """Give nothing: there is no environment."""

    def clock_res_get(self, clock: int, at: int) -> None:
        self._read_clock(clock)
        self.memory.put(at, TICK_NS, 8)

    def clock_time_get(self, clock: int, _precision: int, at: int) -> None:
        self.memory.put(at, self._read_clock(clock), 8)

    def random_get(self, at: int, length: int) -> None:
        self.memory.view(at, length)
        for done in range(0, length, _RANDOM_PART_BYTES):
            part = self._random.take(min(_RANDOM_PART_BYTES, length - done))
            self.memory.write(at + done, part)

    def poll_oneoff(self, wanted_at: int, events_at: int, count: int, count_at: int) -> None:
        if count == 0:
            raise GuestError(INVAL)
        self.memory.view(wanted_at, count * _SUBSCRIPTION_BYTES)
        self.memory.view(events_at, count * _EVENT_BYTES)
        places = range(wanted_at, wanted_at + count * _SUBSCRIPTION_BYTES, _SUBSCRIPTION_BYTES)
        clocks = [at for at in places if self.memory.number(at + 8, 1) == _CLOCK_EVENT]
        ready = [(at, self._state(at)) for at in places if at not in clocks]
        if not ready:
            spans = [self._span_ns(at) for at in clocks]
            self._sleep(min(spans))
            ready = [(at, 0) for at, ns in zip(clocks, spans, strict=True) if ns == min(spans)]
        for index, (at, error) in enumerate(ready):
            event = bytes(self.memory.view(at, 8)) + error.to_bytes(2, "little")
            event += bytes(self.memory.view(at + 8, 1))
            self.memory.write(events_at + index * _EVENT_BYTES, event.ljust(_EVENT_BYTES, b"\0"))
        self.memory.put(count_at, len(ready), 4)

    def sched_yield(self) -> None:
        """Do nothing: there is nobody to give way to."""

    def proc_exit(self, status: int) -> None:
        raise Exited(status)

    def proc_raise(self, signal: int) -> None:
        raise GuestBroken(f"it raised signal {signal}")

    def sock_accept(self, _number: int, _flags: int, _at: int) -> None:
        raise GuestError(NOTSOCK)

    def sock_recv(self, *_words: int) -> None:
        raise GuestError(NOTSOCK)

    sock_send = sock_recv

    def sock_shutdown(self, _number: int, _how: int) -> None:
        raise GuestError(NOTSOCK)

    def _read_clock(self, clock: int) -> int:
        now_ns = self._clock.read_ns(clock)
        if now_ns is None:
            raise GuestError(INVAL)
        return now_ns

    def _state(self, at: int) -> int:
        """Return the error of a file that is waited for, 0 for one that is there: it is ready."""
        if self.memory.number(at + 8, 1) > 2:  # noqa: PLR2004 - read or write, there is no more
            raise GuestError(NOTSUP)
        return 0 if self._opened.get(self.memory.number(at + 16, 4)) else BADF

    def _span_ns(self, at: int) -> int:
        span_ns = self.memory.number(at + 24, 8)
        if self.memory.number(at + 40, 2) & _ABSOLUTE:
            span_ns -= self._read_clock(self.memory.number(at + 16, 4))
        return max(0, span_ns)

    def _sleep(self, span_ns: int) -> None:
        """Really sleep: it counts against the task's limit, and takes no CPU until then."""
        self._clock.sleep_ns(span_ns)
        left_s = span_ns / 1e9
        while left_s > 0:
            time.sleep(min(left_s, _LONGEST_SLEEP_S))
            left_s -= _LONGEST_SLEEP_S
