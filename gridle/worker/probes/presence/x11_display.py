"""One connection to an X server, and the few requests that tell how long its user rests.

The server's own IDLETIME counter (SYNC extension) raises an alarm at the first input after a
rest and another when the next rest begins, so nothing is polled. Only one thread may use a
display, but for `interrupt`.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

import xcffib
import xcffib.screensaver
import xcffib.sync
import xcffib.xproto

REST_MS = 500
"""A pause this long between two inputs is a rest; shorter ones raise no alarm."""
_IDLE_COUNTER = b"IDLETIME"


class X11Display:
    """A connection; every method raises `X11GoneError` once the server has gone."""

    def __init__(self, name: str) -> None:
        with _gone_is_ours():
            self._connection = xcffib.connect(display=name)
            self._root = self._connection.get_setup().roots[self._connection.pref_screen].root
            self._saver = self._connection(xcffib.screensaver.key)
            self.has_alarms = self._set_alarms()

    def idle_ms(self) -> int:
        """Ask for the milliseconds since the last input (one round trip)."""
        with _gone_is_ours():
            return int(self._saver.QueryInfo(self._root).reply().ms_since_user_input)

    def wait_for_alarm(self) -> int:
        """Block until a rest ends or begins; returns the milliseconds since the last input."""
        with _gone_is_ours():
            while True:
                event = self._connection.wait_for_event()
                if isinstance(event, xcffib.sync.AlarmNotifyEvent):
                    return int(event.counter_value.lo)

    def interrupt(self) -> None:
        """Make a call that blocks in another thread raise `X11GoneError`."""
        with contextlib.suppress(OSError, xcffib.XcffibException):
            descriptor = os.dup(self._connection.get_file_descriptor())
            with socket.socket(fileno=descriptor) as line:
                line.shutdown(socket.SHUT_RDWR)

    def disconnect(self) -> None:
        """Give the connection back; the display is of no use afterwards."""
        self._connection.disconnect()

    def _set_alarms(self) -> bool:
        """Set both alarms; returns False where the server has no idle counter."""
        try:
            sync = self._connection(xcffib.sync.key)
            version = (xcffib.sync.MAJOR_VERSION, xcffib.sync.MINOR_VERSION)
            sync.Initialize(*version).reply()
            cookie = sync.ListSystemCounters()
            counter = _idle_counter(self._connection.wait_for_reply(cookie.sequence))
        except (KeyError, xcffib.Error):  # both of the ways in which it reports a refusal
            return False
        if counter is None:
            return False
        self._set_alarm(sync, counter, xcffib.sync.TESTTYPE.NegativeTransition)
        self._set_alarm(sync, counter, xcffib.sync.TESTTYPE.PositiveTransition)
        return True

    def _set_alarm(self, sync: xcffib.sync.syncExtension, counter: int, test: int) -> None:
        threshold = xcffib.sync.INT64.synthetic(hi=0, lo=REST_MS)
        # With a delta of 0 a transition alarm stays set at the same threshold for good.
        still = xcffib.sync.INT64.synthetic(hi=0, lo=0)
        attributes = xcffib.sync.CA
        sync.CreateAlarmChecked(
            self._connection.generate_id(),
            attributes.Counter
            | attributes.ValueType
            | attributes.Value
            | attributes.TestType
            | attributes.Delta
            | attributes.Events,
            [counter, xcffib.sync.VALUETYPE.Absolute, threshold, test, still, 1],
        ).check()


def _idle_counter(reply: xcffib.Unpacker) -> int | None:
    """Return the number of the idle counter.

    xcffib's own reader of this reply leaves out the padding after each name, and fails.
    """
    (count,) = reply.unpack("=xx2x4xI20x")
    for _ in range(count):
        counter, _high, _low, name_bytes = reply.unpack("=IiIH")
        name = b"".join(reply.unpack(f"={name_bytes}c"))
        padding = -(14 + name_bytes) % 4
        if name == _IDLE_COUNTER:
            return int(counter)
        reply.unpack(f"={padding}x")
    return None


class X11GoneError(Exception):
    """The server cannot be reached, refused us, or has gone."""


@contextlib.contextmanager
def _gone_is_ours() -> Iterator[None]:
    try:
        yield
    except (xcffib.ConnectionException, xcffib.XcffibException, xcffib.ProtocolException) as error:
        raise X11GoneError from error
