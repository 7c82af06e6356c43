from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.net_dial import read_addresses


def message(address: str, bits: int, kind: int = 20, which: int = 1) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    value = socket.inet_pton(family, address)
    attributes = struct.pack("=HHI", 8, 8, 0) + struct.pack("=HH", 4 + len(value), which) + value
    body = struct.pack("=BBBBi", family, bits, 0, 0, 1) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def test_the_kernels_answer_is_read() -> None:
    both = message("192.0.2.7", 24, which=2) + message("2001:db8::7", 64)
    assert read_addresses(both) == ([("192.0.2.7", 24), ("2001:db8::7", 64)], False)
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
    assert read_addresses(both + done)[1] is True
    assert read_addresses(done) == ([], True)


@pytest.mark.parametrize("length", [36, 15, 0])
def test_an_error_is_no_answer(length: int) -> None:
    kind = 2 if length == 36 else 20
    with pytest.raises(OSError, match="netlink"):
        read_addresses(struct.pack("=IHHIIi", length, kind, 2, 1, 0, -1) + bytes(16))


@given(st.binary(max_size=64))
def test_the_end_of_an_answer_is_always_found(rest: bytes) -> None:
    found, _ = read_addresses(
        message("192.0.2.7", 24) + struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0) + rest
    )
    assert found == [("192.0.2.7", 24)]
