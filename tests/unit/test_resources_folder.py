"""The program finds its own files."""

from __future__ import annotations

from gridle.resources_folder import resources_folder


def test_icons_and_styles_are_found() -> None:
    assert (resources_folder() / "icons" / "gridle.svg").is_file()
    assert (resources_folder() / "styles" / "gridle.qss").is_file()
