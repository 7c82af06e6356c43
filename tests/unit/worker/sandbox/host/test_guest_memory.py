from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox.host.wasi_errno import FAULT, ILSEQ, INVAL, GuestError
from tests.rigs.guest import Library, error_of, guest_memory

SIZE = 4096
WORD = st.integers(0, 2**32 - 1)


@given(WORD, WORD)
def test_nothing_outside_is_reached(address: int, length: int) -> None:
    memory = guest_memory(Library(SIZE))
    if address + length > SIZE:
        assert error_of(lambda: memory.view(address, length)) == FAULT
    else:
        assert len(memory.view(address, length)) == length


@given(st.integers(0, SIZE), st.integers(0, 2))
def test_all_that_is_inside_is_reached(address: int, beyond: int) -> None:
    memory = guest_memory(Library(SIZE))
    assert len(memory.view(address, SIZE - address)) == SIZE - address
    wanted = error_of(lambda: memory.view(address, SIZE - address + beyond))
    assert wanted == (FAULT if beyond else 0)


@given(st.binary(min_size=64, max_size=64), st.integers(0, 60), st.integers(0, 9))
def test_buffers_are_inside_whatever_the_guest_says(data: bytes, at: int, count: int) -> None:
    memory = guest_memory(Library(SIZE))
    memory.write(0, data)
    if error := error_of(lambda: memory.buffers(at, count)):
        assert error == FAULT
    else:
        assert len(memory.buffers(at, count)) == count


def test_numbers_and_text_go_in_and_out() -> None:
    memory = guest_memory(Library(SIZE))
    memory.put(8, 2**64 - 2, 8)
    assert memory.number(8, 8) == 2**64 - 2
    assert memory.number(8, 1) == 0xFE
    memory.write(100, "é".encode())
    assert memory.text(100, 2) == "é"
    assert error_of(lambda: memory.text(100, 1)) == ILSEQ
    assert error_of(lambda: memory.buffers(0, -1)) == INVAL


def test_a_memory_that_grew_and_moved_is_followed() -> None:
    library = Library(SIZE)
    memory = guest_memory(library)
    assert error_of(lambda: memory.view(SIZE, 1)) == FAULT
    library.memory = ctypes.create_string_buffer(b"moved", 2 * SIZE)
    assert memory.text(0, 5) == "moved"
    memory.write(SIZE, b"x")
    assert library.memory.raw[SIZE : SIZE + 1] == b"x"


def test_no_more_buffers_than_a_call_takes() -> None:
    memory = guest_memory(Library(2**16))
    assert len(memory.buffers(0, 8000)) == 1024
    with pytest.raises(GuestError):
        memory.buffers(2**16 - 4, 1)
