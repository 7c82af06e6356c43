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
        (b"exit 0 5\n", Ending.FINISHED),
        (b"exit 3 5\n", Ending.FAILED),
        (b"exit 4294967295 5\n", Ending.FAILED),
        (b"trap 0 5\nunreachable", Ending.FAILED),
        (b"host-error 5 5\n", Ending.BROKEN),
        (b"", Ending.BROKEN),
    ],
)
def test_a_host_says_how_its_task_ended(answer: bytes, ending: Ending) -> None:
    assert exit_of(answer).ending is ending


@pytest.mark.parametrize(
    "answer",
    [
        b"exit 0",
        b"exit 1e999 5\n",
        b"exit 0 -5\n",
        b"exit " + b"9" * 4000 + b" 5\n",
        b"exit 0 " + b"9" * 4000 + b"\n",
        b"EXIT 0 5\n",
        b"\xff\xfe",
    ],
    ids=lambda answer: answer[:40].decode("latin-1"),
)
def test_an_answer_that_cannot_be_read_is_an_end_too(answer: bytes) -> None:
    assert exit_of(answer).ending is Ending.BROKEN
