"""One connection to a message bus: messages out and in, each within limits of time and size."""

from __future__ import annotations

import itertools
import select
import socket
import struct
import time
from collections.abc import Iterator

from jeepney import DBusAddress, HeaderFields, Message, MessageFlag, MessageType, new_method_call
from jeepney.io.blocking import prep_socket
from jeepney.low_level import calc_msg_size

from gridle.worker.probes.dbus.address import socket_names
from gridle.worker.probes.dbus.service import Call

CONNECT_TIMEOUT_S = 2.0
_SEND_TIMEOUT_S = 2.0
_LARGEST_MESSAGE_BYTES = 1 << 20
_LARGEST_ON_A_BUS_BYTES = 1 << 27
_FIXED_HEADER_BYTES = 16
_READ_BYTES = 1 << 16
THE_BUS = "org.freedesktop.DBus"
THE_BUS_PATH = "/org/freedesktop/DBus"


class BusGoneError(Exception):
    """The bus cannot be reached, refused us, broke the protocol, or has gone."""


class BusWire:
    """A connection that has said Hello; only one thread may use it."""

    def __init__(self, address: str) -> None:
        self._socket = _connect(address)
        self._socket.settimeout(_SEND_TIMEOUT_S)
        self._serials = itertools.count(1)
        self._buffer = bytearray()
        self._bytes_to_skip = 0
        try:
            self._say_hello()
        except BusGoneError:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor to wait on for something to `receive`."""
        return self._socket.fileno()

    def send(self, destination: str, call: Call) -> int:
        """Send a call that starts no service; returns its serial number.

        Raises:
            BusGoneError: the bus did not take it within two seconds.
        """
        target = DBusAddress(call.path, bus_name=destination, interface=call.interface)
        message = new_method_call(target, call.member, call.signature or None, call.body)
        message.header.flags = MessageFlag.no_auto_start
        serial = next(self._serials)
        try:
            self._socket.sendall(message.serialise(serial=serial))
        except OSError as error:
            raise BusGoneError from error
        return serial

    def receive(self) -> list[Message]:
        """Read what is there (once, without waiting, where the descriptor is readable).

        A message above 1 MiB is skipped: nothing that we ask for is so large.

        Raises:
            BusGoneError: the bus has gone, or sent what is no message.
        """
        try:
            chunk = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise BusGoneError from error
        if not chunk:
            raise BusGoneError
        self._buffer += chunk
        try:
            return list(self._messages())
        except (ValueError, LookupError, TypeError, struct.error) as error:
            raise BusGoneError from error

    def close(self) -> None:
        """Give the connection back."""
        self._socket.close()

    def _messages(self) -> Iterator[Message]:
        while True:
            skipped = min(self._bytes_to_skip, len(self._buffer))
            del self._buffer[:skipped]
            self._bytes_to_skip -= skipped
            if self._bytes_to_skip or len(self._buffer) < _FIXED_HEADER_BYTES:
                return
            size = calc_msg_size(bytes(self._buffer[:_FIXED_HEADER_BYTES]))
            if size > _LARGEST_ON_A_BUS_BYTES:
                raise BusGoneError
            if size > _LARGEST_MESSAGE_BYTES:
                self._bytes_to_skip = size
                continue
            if len(self._buffer) < size:
                return
            raw = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield Message.from_buffer(raw)

    def _say_hello(self) -> None:
        serial = self.send(THE_BUS, Call(THE_BUS_PATH, THE_BUS, "Hello"))
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        readable = select.poll()
        readable.register(self._socket, select.POLLIN)
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            if not readable.poll(left_s * 1000):
                raise BusGoneError
            for message in self.receive():
                if message.header.fields.get(HeaderFields.reply_serial) == serial:
                    if message.header.message_type is not MessageType.method_return:
                        raise BusGoneError
                    return


def _connect(address: str) -> socket.socket:
    for name in socket_names(address):
        try:
            line: socket.socket = prep_socket(name, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError):  # ValueError: no name of a socket, or we are not let in
            continue
        return line
    raise BusGoneError
