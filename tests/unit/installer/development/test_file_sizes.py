from __future__ import annotations

from installer.development.file_sizes import judge


def test_a_small_file_is_fine() -> None:
    assert judge("x.py", "def f() -> int:\n    return 1\n") == ([], [])


def test_a_long_function_is_a_fault_whatever_its_docstring() -> None:
    docstring = '    """' + "word\n" * 60 + '"""\n'
    assert judge("x.py", "def f():\n" + docstring + "    a = 1\n" * 40)[0] == []
    assert len(judge("x.py", "def f():\n" + "    a = 1\n" * 41)[0]) == 1


def test_a_long_file_is_warned_of_and_a_very_long_one_refused() -> None:
    assert [len(found) for found in judge("x.py", "a = 1\n" * 301)] == [0, 1]
    assert [len(found) for found in judge("x.py", "a = 1\n" * 501)] == [1, 0]
