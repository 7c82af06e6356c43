from __future__ import annotations

import os
import threading
from pathlib import Path

from gridle.worker.sources.kept_files import Turns, make_room


def put(folder: Path, name: str, size_bytes: int, used_at: int) -> None:
    path = folder / name
    path.write_bytes(bytes(size_bytes))
    os.utime(path, (used_at, used_at))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    for used_at, name in enumerate("cab"):
        put(tmp_path, name, 10, used_at)
    make_room(tmp_path, 30, 0, ())
    assert names(tmp_path) == {"a", "b", "c"}
    make_room(tmp_path, 30, 5, ())
    assert names(tmp_path) == {"a", "b"}
    make_room(tmp_path, 30, 100, ())
    assert names(tmp_path) == set()


def test_what_is_in_use_stays_with_its_draft(tmp_path: Path) -> None:
    for used_at, name in enumerate(["a", "a.part", "b"]):
        put(tmp_path, name, 10, used_at)
    make_room(tmp_path, 0, 0, {"a"})
    assert names(tmp_path) == {"a", "a.part"}


def test_turns_are_of_one_name_and_leave_nothing() -> None:
    turns, began, may_end = Turns(), threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with turns.of("x"):
            began.set()
            may_end.wait(20)
            order.append("first")

    def second() -> None:
        with turns.of("x"):
            order.append("second")

    threads = [threading.Thread(target=each) for each in (first, second)]
    threads[0].start()
    assert began.wait(20)
    threads[1].start()
    with turns.of("y"):
        assert turns.names() >= {"x", "y"}
    may_end.set()
    for each in threads:
        each.join(20)
    assert order == ["first", "second"]
    assert turns.names() == frozenset()
