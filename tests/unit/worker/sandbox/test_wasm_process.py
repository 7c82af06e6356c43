from __future__ import annotations

import pytest

from gridle.worker.sandbox.port import Ending
from gridle.worker.sandbox.supervisor import Exit
from gridle.worker.sandbox.wasm_process import WasmProcess


def exit_of(answer: bytes) -> Exit:
    """Read an answer as at a host's end, without a host."""
    process = object.__new__(WasmProcess)
    process._flooded = False
    process._peak_bytes = 0
    return process._read_exit(answer, "")


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (b'{"status": 0, "peak_memory_bytes": 5}\n', Ending.FINISHED),
        (b'{"status": 3, "peak_memory_bytes": 5}\n', Ending.FAILED),
        (b'{"status": 4294967295, "peak_memory_bytes": 5}\n', Ending.FAILED),
        (b'{"trap": "unreachable", "peak_memory_bytes": 5}\n', Ending.FAILED),
        (b'{"host_error": "OSError", "errno": 5, "peak_memory_bytes": 5}\n', Ending.BROKEN),
        (b"", Ending.BROKEN),
    ],
)
def test_a_host_says_how_its_task_ended(answer: bytes, ending: Ending) -> None:
    assert exit_of(answer).ending is ending


@pytest.mark.parametrize(
    "answer",
    [
        b"[" * 4096,
        b'{"status": 0, "peak_memory_bytes": 1e999}',
        b'{"status": 1e999, "peak_memory_bytes": 5}',
        b'{"status": 0, "peak_memory_bytes": -5}',
        b'{"status": 0, "peak_memory_bytes": 9223372036854775808}',
        b'{"status": 0, "peak_memory_bytes": ' + b"9" * 4000 + b"}",
        b'{"status": "\\ud800", "peak_memory_bytes": 5}',
        b"\xff\xfe",
    ],
    ids=lambda answer: answer[:40].decode("latin-1"),
)
def test_an_answer_that_cannot_be_read_is_an_end_too(answer: bytes) -> None:
    assert exit_of(answer).ending is Ending.BROKEN
