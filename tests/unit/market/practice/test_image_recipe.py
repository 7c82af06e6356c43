from __future__ import annotations

import pytest

from gridle.market.practice.image_recipe import parse_recipe
from gridle.market.protocol.errors import InvalidInputError

TEXT = """
# comment
povray
base-files   # trailing comment
libraries blas
drop usr/lib/*/gconv/*
compile-python
"""


def test_a_recipe_is_read() -> None:
    recipe = parse_recipe("render", TEXT)
    assert recipe.packages == ("povray", "base-files")
    assert recipe.library_folders == ("blas",)
    assert recipe.compile_python
    assert recipe.tag == f"localhost/gridle-practice-render:{recipe.digest[:12]}"


def test_any_change_of_the_text_gives_another_tag() -> None:
    assert parse_recipe("render", TEXT).tag != parse_recipe("render", TEXT + "\nzlib1g\n").tag


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("usr/bin/povray", True),
        ("usr/share/doc/povray/copyright", False),
        ("usr/lib/x86_64-linux-gnu/gconv/BIG5.so", False),
        ("usr/lib/x86_64-linux-gnu/libc.so.6", True),
    ],
)
def test_documentation_and_dropped_files_are_left_out(path: str, *, kept: bool) -> None:
    assert parse_recipe("render", TEXT).keeps(path) is kept


@pytest.mark.parametrize(
    "line",
    [
        "",
        "two words",
        "drop",
        "drop $(id)",
        "libraries ../etc",
        "UPPER",
        "-option",
        "a;b",
        "drop a b",
    ],
)
def test_a_malformed_recipe_is_refused(line: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_recipe("render", line)
