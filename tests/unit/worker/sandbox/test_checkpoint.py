from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.sandbox.checkpoint import SaveRequests, checkpoint_fault, state_mark

RULE = CheckpointRule(format_version=1, max_bytes=1000)
DEADLINE_S = 30.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "checkpoint").mkdir()
    return tmp_path / "checkpoint"


def save(place: Path, content: bytes = b"state") -> None:
    (place / "state.new").write_bytes(content)
    (place / "state.new").replace(place / "state")


def asked(place: Path, nudge: Callable[[], None], grace_s: float = DEADLINE_S) -> bool:
    return SaveRequests(place.parent, RULE, nudge, threading.Event(), lambda: True).ask(grace_s)


def fault(place: Path) -> str:
    found = checkpoint_fault(place.parent, RULE)
    return found.en if found else ""


def test_the_three_plain_files_are_no_fault(place: Path) -> None:
    assert not fault(place)
    for name in ("state", "state.new", "save"):
        (place / name).write_bytes(b"x")
    (place / "state").write_bytes(bytes(1000))
    (place / "state.new").write_bytes(bytes(999))
    assert not fault(place)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: (place / "notes").touch(),
        lambda place: (place / "state").mkdir(),
        lambda place: os.mkfifo(place / "save"),
        lambda place: (place / "state.new").symlink_to("state"),
        lambda place: ((place / "state").touch(), (place / "save").hardlink_to(place / "state")),
    ],
)
def test_whatever_else_is_the_tasks_fault(place: Path, spoil: Callable[[Path], object]) -> None:
    spoil(place)
    assert "checkpoint folder" in fault(place)


@pytest.mark.parametrize("sizes", [(1001, 0, 0), (0, 1001, 0), (900, 900, 900)])
def test_more_than_two_states_are_too_much(place: Path, sizes: tuple[int, ...]) -> None:
    for name, size in zip(("state", "state.new", "save"), sizes, strict=True):
        (place / name).write_bytes(bytes(size))
    assert "more than its limit of 1000 bytes" in fault(place)


def test_space_that_is_taken_beyond_a_files_end_counts(place: Path) -> None:
    with (place / "state.new").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**20)
        file.truncate(0)
        taken_bytes = os.fstat(file.fileno()).st_blocks * 512
    assert bool(fault(place)) == (taken_bytes > 2**16)


def test_a_newer_state_answers_and_the_request_is_gone(place: Path) -> None:
    save(place)
    assert asked(place, lambda: save(place, b"state"))
    assert not (place / "save").exists()


def test_a_task_may_take_the_request_away(place: Path) -> None:
    def take_and_save() -> None:
        (place / "save").unlink()
        save(place)

    assert asked(place, take_and_save)


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: None,
        lambda place: save(place, b""),
        lambda place: save(place, bytes(1001)),
        lambda place: (place / "state").mkdir(),
        lambda place: (place / "state").symlink_to("save"),
    ],
)
def test_what_cannot_be_taken_is_no_answer(place: Path, answer: Callable[[Path], None]) -> None:
    assert not asked(place, lambda: answer(place), grace_s=0.05)
    assert not (place / "save").exists()


def test_an_old_state_is_no_answer(place: Path) -> None:
    save(place)
    assert not asked(place, lambda: None, grace_s=0.05)


@pytest.mark.parametrize("occupy", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("../x")])
def test_a_request_is_never_written_through_something_else(
    place: Path, occupy: Callable[[Path], None]
) -> None:
    occupy(place / "save")
    nudged: list[None] = []
    assert not asked(place, lambda: nudged.append(None))
    assert not nudged
    assert not (place.parent / "x").exists()


def test_a_request_that_was_left_is_used_again(place: Path) -> None:
    (place / "save").touch()
    assert asked(place, lambda: save(place))


def test_a_missing_folder_is_no_answer(tmp_path: Path) -> None:
    assert not asked(tmp_path / "checkpoint", lambda: None)


def test_who_cannot_save_is_not_asked(place: Path) -> None:
    def nudge() -> None:
        raise AssertionError

    assert not SaveRequests(place.parent, RULE, nudge, threading.Event(), lambda: False).ask(60.0)


def test_a_second_request_shares_the_first_ones_answer(place: Path) -> None:
    nudged, goes_on = threading.Event(), threading.Event()
    count: list[None] = []

    def nudge() -> None:
        count.append(None)
        nudged.set()
        assert goes_on.wait(DEADLINE_S)
        save(place)

    requests = SaveRequests(place.parent, RULE, nudge, threading.Event(), lambda: True)
    answers: list[bool] = []
    first = threading.Thread(target=lambda: answers.append(requests.ask(DEADLINE_S)))
    first.start()
    assert nudged.wait(DEADLINE_S)
    assert not requests.ask(0.01)  # its own grace is over before the first one's
    second = threading.Thread(target=lambda: answers.append(requests.ask(DEADLINE_S)))
    second.start()
    goes_on.set()
    for each in (first, second):
        each.join(DEADLINE_S)
    assert answers == [True, True]


def test_marks_differ_wherever_a_state_was_replaced(place: Path) -> None:
    marks = []
    for _ in range(3):
        save(place)
        marks.append(state_mark(place.parent, RULE))
    assert None not in marks
    assert len(set(marks)) == 3
