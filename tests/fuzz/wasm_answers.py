"""What a WebAssembly host says in the end; it has met hostile code."""

from __future__ import annotations

import msgspec

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.port import Ending
from gridle.worker.sandbox.wasm_process import WasmProcess
from tests.fuzz.bounds import assert_plain, bounded

_ANSWER_BYTES = 4096
SEEDS = (
    b"exit 0 1234567\n",
    b"exit 3 1234567\n",
    b"trap 0 1234567\nwasm trap: unreachable",
    b"gone 12 5\nMemoryError",
    b"",
)
TOKENS = (
    b"1e999", b"-1", b"NaN", b"9" * 400, b"exit ", b"trap ", b"\n", b" ", b"\xff", b"\x1b[2J",
    b"\xe2\x80\xae", b"0.5", b"\x00",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """It ended somehow: a task whose end cannot be read would be waited for for ever."""
    process = object.__new__(WasmProcess)
    process._flooded = False
    process._peak_bytes = 0
    answer = data[:_ANSWER_BYTES]
    with bounded(answer):
        end = process._read_exit(answer, "its last words")
    assert end.ending in (Ending.FINISHED, Ending.FAILED, Ending.BROKEN)
    assert (end.fault is None) == (end.ending is Ending.FINISHED)
    if isinstance(end.fault, Sentence):
        assert_plain(str(end.fault))
        assert len(end.fault.en) < 1000
    assert 0 <= process._peak_bytes < 2**63
    msgspec.json.encode(process._peak_bytes)
