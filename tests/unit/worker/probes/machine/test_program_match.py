"""A program is known by its file's name, by what it calls itself, by its script or whole path."""

from __future__ import annotations

import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.probes.machine.program_match import Program, Wanted

LONG = "averylongprogramname"
NAMES = st.text(min_size=1, max_size=20).filter(
    lambda name: ntpath.basename(name) == posixpath.basename(name) == name
)
"""Names without folder or drive."""


@pytest.mark.parametrize(
    ("entry", "program"),
    [
        ("blender", Program("blender", "/usr/bin/blender")),
        ("Blender", Program("blender")),
        ("blender.exe", Program("blender")),
        ("blender", Program("Blender.EXE", r"C:\Programs\Blender.EXE")),
        ("blender", Program("main-thread", "/opt/blender-4/blender")),
        ("witcher3.exe", Program("witcher3.exe", "/usr/lib/wine/wine64-preloader")),
        ("/usr/bin/blender", Program("blender", "/usr/bin/blender")),
        ("/usr/bin/blender", Program("blender", "/usr/bin/blender (deleted)")),
        (LONG, Program(LONG[:15])),
        (LONG.upper(), Program(LONG[:15], f"/usr/bin/{LONG}")),
        (LONG, Program(LONG[:15], "/usr/bin/python3.11")),
        ("blender.py", Program("python3", "/usr/bin/python3.11", ("python3", "blender.py"))),
        ("blender.py", Program("python3", "", ("python3", "-u", "/home/me/blender.py", "-x"))),
        ("blender", Program("python3", "", ("python3", "-m", "blender"))),
        ("/home/me/render.sh", Program("bash", "", ("bash", "/home/me/render.sh"))),
        ("python3", Program("python3", "/usr/bin/python3.11")),
    ],
)
def test_it_is_the_one(entry: str, program: Program) -> None:
    assert Wanted((entry,)).entry_for(program) == entry


@pytest.mark.parametrize(
    ("entry", "program"),
    [
        ("blender", Program("blender-thumbnai", "/usr/bin/blender-thumbnailer")),
        ("blender", Program("vim", "/usr/bin/vim", ("vim", "blender"))),
        ("blender", Program("python3", "", ("python3", "train.py", "blender"))),
        ("blender", Program("python3", "", ("python3", "-c", "blender"))),
        ("/usr/bin/blender", Program("blender", "/opt/blender")),
        ("/usr/bin/blender", Program("blender")),
        ("/usr/bin/Blender", Program("blender", "/usr/bin/blender")),
        (LONG, Program(LONG[:15], f"/usr/bin/{LONG}-helper")),
        (LONG, Program(LONG[:14])),
        ("exe", Program(".exe")),
        ("blender", Program("")),
    ],
)
def test_it_is_another(entry: str, program: Program) -> None:
    assert Wanted((entry,)).entry_for(program) is None


def test_a_link_stands_for_where_it_leads() -> None:
    wanted = Wanted(("/usr/bin/game",), {"/usr/bin/game": "/opt/game/run"})
    assert wanted.entry_for(Program("run", "/opt/game/run")) == "/usr/bin/game"


def test_the_owner_s_order_decides_among_several() -> None:
    assert Wanted(("b", "a")).first_of({"a", "b"}) == "b"
    assert Wanted(("b", "a")).first_of(set()) is None


@given(st.lists(NAMES, max_size=5), NAMES, st.text(max_size=40), st.lists(st.text(), max_size=3))
def test_only_the_owner_s_own_words_come_out(
    entries: list[str], name: str, path: str, arguments: list[str]
) -> None:
    found = Wanted(tuple(entries)).entry_for(Program(name, path, tuple(arguments)))
    assert found is None or found in entries


@given(NAMES)
def test_a_program_is_found_by_its_own_name(name: str) -> None:
    assert Wanted((name,)).entry_for(Program(name)) == name
