from __future__ import annotations

import pytest

from gridle.worker.sandbox.host.landlock import READS, WRITES, handled

EXECUTE, TRUNCATE, IOCTL = 1, 1 << 14, 1 << 15


@pytest.mark.parametrize(
    ("version", "words", "last_right"),
    [
        (1, 1, 12),
        (2, 1, 13),
        (3, 1, 14),
        (4, 2, 14),
        (5, 2, 15),
        (6, 3, 15),
        (7, 3, 15),
        (99, 3, 15),
    ],
)
def test_each_version_is_asked_for_all_that_it_knows(
    version: int, words: int, last_right: int
) -> None:
    asked = handled(version)
    assert len(asked) == words
    assert asked[0] == 2 ** (last_right + 1) - 1
    assert asked[1:] == (3, 3)[: words - 1]


def test_no_folder_lets_run_or_make_anything_but_files() -> None:
    made = {6: "char", 7: "folder", 9: "socket", 10: "pipe", 11: "block", 12: "link", 13: "refer"}
    for rights in (READS, WRITES):
        assert not rights & (EXECUTE | IOCTL)
        assert not [name for bit, name in made.items() if rights & 1 << bit]
    assert WRITES & TRUNCATE
    assert not READS & TRUNCATE
