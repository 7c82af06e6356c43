from __future__ import annotations

from gridle.app.parts import hint


def test_what_a_requestor_wrote_is_no_markup_in_a_tool_tip() -> None:
    assert hint('<img src="//evil/share">') == "<qt>&lt;img src=&quot;//evil/share&quot;&gt;</qt>"
