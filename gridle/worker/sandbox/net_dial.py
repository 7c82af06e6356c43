"""Makes a connection to a host of the public internet and to nowhere else.

The name is resolved here and once: the addresses that were checked are the ones connected to, so a
name that changes its mind in between (DNS rebinding) gains nothing. Linux; the standard library
alone.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from gridle.worker.sandbox.net_policy import may_reach, neighbourhood
from gridle.worker.sandbox.net_request import RefusedRequestError

Dial = Callable[[str, int], socket.socket]
"""Connects to a host's port, or raises `RefusedRequestError`."""

_CONNECT_TIMEOUT_S = 10.0
_MOST_ADDRESSES = 4
_RECEIVE_BUFFER_BYTES = 2**18
"""The kernel's would grow to megabytes that crossed the network in spite of the owner's limit."""
_RTM_NEWADDR = 20
_RTM_GETADDR = 22
_NLMSG_DONE = 3
_NLM_F_REQUEST_DUMP = 0x301
_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_HEADER = struct.Struct("=IHHII")
_ADDRESS = struct.Struct("=BBBBi")
_ATTRIBUTE = struct.Struct("=HH")


def dial_public(host: str, port: int) -> socket.socket:
    """Connect to a public host (see `net_policy`).

    Raises:
        RefusedRequestError: it has no public address, or does not answer.
    """
    addresses = _resolve(host, port)
    if not may_reach(addresses, neighbourhood(interface_addresses())):
        raise RefusedRequestError(403, "this host is not on the public internet")
    for address in addresses[:_MOST_ADDRESSES]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
            connection.settimeout(_CONNECT_TIMEOUT_S)
            connection.connect((address, port))
        except OSError:
            connection.close()
            continue
        return connection
    raise RefusedRequestError(504, "this host does not answer")


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedRequestError(502, "this host's name is not known") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def interface_addresses() -> list[tuple[str, int]]:
    """Return this machine's addresses with their prefix lengths now (rtnetlink(7))."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.settimeout(_CONNECT_TIMEOUT_S)
        length = _HEADER.size + _ADDRESS.size
        header = _HEADER.pack(length, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0)
        kernel.send(header + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        addresses: list[tuple[str, int]] = []
        done = False
        while not done:
            found, done = read_addresses(kernel.recv(2**16))
            addresses += found
        return addresses


def read_addresses(messages: bytes) -> tuple[list[tuple[str, int]], bool]:
    """Read a piece of the kernel's answer; returns also whether it was the last.

    Raises:
        OSError: the kernel refused, so nothing is known and nothing may be reached.
    """
    addresses: list[tuple[str, int]] = []
    at = 0
    while at + _HEADER.size <= len(messages):
        length, kind, *_ = _HEADER.unpack_from(messages, at)
        if kind == _NLMSG_DONE:
            return addresses, True
        if kind != _RTM_NEWADDR or length < _HEADER.size:
            raise OSError(f"netlink message {kind}")
        body = messages[at + _HEADER.size : at + length]
        family, bits, *_ = _ADDRESS.unpack_from(body)
        for which, value in _attributes(body[_ADDRESS.size :]):
            if which in (_IFA_ADDRESS, _IFA_LOCAL):
                addresses.append((socket.inet_ntop(family, value), bits))
        at += (length + 3) & ~3
    return addresses, False


def _attributes(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at + _ATTRIBUTE.size <= len(body):
        length, which = _ATTRIBUTE.unpack_from(body, at)
        found.append((which, body[at + _ATTRIBUTE.size : at + length]))
        at += max(4, (length + 3) & ~3)
    return found
