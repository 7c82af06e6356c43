from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.plain_text import MAX_CHARS, plain
from gridle.market.protocol.sentence import Sentence


def test_escapes_and_reversals_lose_their_power() -> None:
    assert plain("a\x1b]0;owned\x07b\r\nc\u202ed") == "a ]0;owned b  c d"


def test_what_people_write_stays() -> None:
    assert plain("Größe 3 μm — 三个任务。") == "Größe 3 μm — 三个任务。"


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    assert not any(unicodedata.category(char)[0] == "C" for char in plain(text))
    assert len(plain(text).splitlines()) <= 1


def test_a_long_text_is_cut() -> None:
    assert len(plain("x" * 10**6)) == MAX_CHARS


def test_a_sentence_from_outside_is_said_in_plain_text() -> None:
    assert Sentence("\x1b[2Jgone", "\x1b[2J没了").say("en") == " [2Jgone"
    assert Sentence("\x1b[2Jgone", "\x1b[2J没了").say("zh_CN") == " [2J没了"
