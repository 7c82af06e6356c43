from __future__ import annotations

import os
import queue
import threading

import pytest

from gridle.worker.sandbox.log_tail import FLOOD_BYTES, TAIL_BYTES, LogTail, clean


@pytest.mark.parametrize(
    ("untrusted", "cleaned"),
    [
        (b"plain\n\ttext\n", "plain\n\ttext\n"),
        (b"\x1b[31mred\x1b]0;title\x07", "[31mred]0;title"),
        (b"one\rtwo", "one\ntwo"),
        (b"\x00\x08\x7f\xc2\x9b", ""),
        ("\u202eevil\u2066".encode(), "evil"),
        ("a\u200eb\u200fc\u061cd\u2028e\u2029f".encode(), "abcdef"),
        ("a\u2028b\u200ec\U000e0041\ufeff\u061c".encode(), "abc"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("结果 é".encode(), "结果 é"),
    ],
)
def test_nothing_can_play_tricks_on_a_terminal(untrusted: bytes, cleaned: str) -> None:
    assert clean(untrusted) == cleaned


def test_the_tail_is_kept_and_a_flood_told_once() -> None:
    reader, writer = os.pipe()
    floods: queue.Queue[str] = queue.Queue()
    log = LogTail(reader, "t", lambda: floods.put("flood"))

    def speak() -> None:
        with os.fdopen(writer, "wb") as pipe:
            for _ in range(FLOOD_BYTES // 2**16 + 2):
                pipe.write(b"x" * 2**16)
            pipe.write(b"the end")

    speaker = threading.Thread(target=speak)
    speaker.start()
    speaker.join(30)
    text = log.text(30)
    assert len(text) == TAIL_BYTES
    assert text.endswith("xthe end")
    assert floods.get(timeout=30) == "flood"
    assert floods.empty()
