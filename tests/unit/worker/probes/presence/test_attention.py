"""Names that programs give themselves are shown as plain text."""

from __future__ import annotations

import pytest

from gridle.worker.probes.presence.attention import plain_name


@pytest.mark.parametrize(
    ("untrusted", "plain"),
    [
        ("mpv", "mpv"),
        ("  two\nlines\t", "two lines"),
        ("\x1b[31mred", "[31mred"),
        ("right\u202eleft", "right left"),
        ("电影", "电影"),
        ("x" * 500, "x" * 64),
        ("", ""),
    ],
)
def test_names(untrusted: str, plain: str) -> None:
    assert plain_name(untrusted) == plain
