"""Words can be read on what is behind them: 4.5 to 1, as WCAG 2.2 asks (1.4.3)."""

from __future__ import annotations

import json

import pytest

from gridle.resources_folder import resources_folder

LEAST_CONTRAST = 4.5


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("words", "behind"),
    [
        ("text", "window"),
        ("text", "card"),
        ("muted", "window"),
        ("muted", "card"),
        ("accent_text", "accent"),
        ("banner_text", "banner"),
        ("side_text", "side"),
    ],
)
def test_words_stand_out(scheme: str, words: str, behind: str) -> None:
    text = (resources_folder() / "styles" / f"{scheme}.json").read_text("utf-8")
    colours: dict[str, str] = json.loads(text)
    darker, lighter = sorted(_luminance(colours[name]) for name in (words, behind))
    assert (lighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST
