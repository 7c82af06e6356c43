"""What a WebAssembly host says in the end; it has met hostile code."""

from __future__ import annotations

import msgspec

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.port import Ending
from gridle.worker.sandbox.wasm_process import WasmProcess
from tests.fuzz.bounds import assert_plain, bounded

_ANSWER_BYTES = 4096
SEEDS = (
    b'{"status": 0, "peak_memory_bytes": 1234567}\n',
    b'{"status": 3, "peak_memory_bytes": 1234567}\n',
    b'{"trap": "wasm trap: unreachable", "peak_memory_bytes": 1234567}\n',
    b'{"host_error": "MemoryError", "errno": 12, "peak_memory_bytes": 5}\n',
    b"",
)
TOKENS = (
    b"1e999", b"-1e999", b"NaN", b"Infinity", b"9" * 400, b"-1", b"null", b"true", b"[" * 400,
    b'{"a":', b"\\ud800", b"\\u001b[2J", b"\xff", b'"5"', b"0.5", b'"trap":', b'"status":0,',
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
