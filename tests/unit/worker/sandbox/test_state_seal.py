from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.sealed_stream import MARK, sealed_size
from gridle.market.protocol.sealing import JobKey
from gridle.worker.sandbox.checkpoint_store import CheckpointStore
from gridle.worker.sandbox.state_seal import StateSeal
from tests.rigs.worker_jobs import lease_id

KEY = JobKey(bytes(range(32)))
RULE = CheckpointRule(format_version=1, max_bytes=1000)
SEAL = StateSeal(RULE, KEY.for_task(0))
FIRST, SECOND = lease_id(1), lease_id(2)


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", lambda: 5.0)


def task_folder(tmp_path: Path, name: str, state: bytes | None = None) -> Path:
    folder = tmp_path / "tasks" / name
    (folder / "checkpoint").mkdir(parents=True)
    if state is not None:
        (folder / "checkpoint" / "state").write_bytes(state)
    return folder


def placed(folder: Path) -> bytes:
    return (folder / "checkpoint" / "state").read_bytes()


def test_a_state_goes_from_task_to_task_and_is_plain_in_their_folders_alone(
    store: CheckpointStore, tmp_path: Path
) -> None:
    folder = task_folder(tmp_path, FIRST, b"half way")
    taken = store.take(FIRST, folder, RULE, (), 7.0, SEAL)
    assert taken is not None
    assert [path.name for path in folder.iterdir()] == ["checkpoint"]
    sealed = store.path(FIRST, taken)
    assert sealed.read_bytes().startswith(MARK)
    assert b"half way" not in sealed.read_bytes()
    assert taken.size_bytes == sealed_size(8)
    again = task_folder(tmp_path, "again")
    assert store.place(FIRST, (taken,), again, SEAL).checkpoint == taken
    assert placed(again) == b"half way"

    # On another node, under another lease of the same task.
    adopted = store.adopt(SECOND, sealed, RULE, 7.0, is_sealed=True)
    assert adopted is not None
    assert adopted.sha256 == taken.sha256
    other = task_folder(tmp_path, SECOND)
    assert store.place(SECOND, (adopted,), other, SEAL).checkpoint == adopted
    assert placed(other) == b"half way"


def test_the_largest_state_fits_also_sealed(store: CheckpointStore, tmp_path: Path) -> None:
    folder = task_folder(tmp_path, FIRST, b"x" * RULE.max_bytes)
    taken = store.take(FIRST, folder, RULE, (), 1.0, SEAL)
    assert taken is not None
    path = store.path(FIRST, taken)
    assert store.adopt(SECOND, path, RULE, 1.0, is_sealed=True) is not None
    assert store.adopt(SECOND, path, RULE, 1.0) is None
    path.write_bytes(path.read_bytes() + b"x")
    assert store.adopt(SECOND, path, RULE, 1.0, is_sealed=True) is None
    folder = task_folder(tmp_path, "larger", b"x" * (RULE.max_bytes + 1))
    assert store.take(FIRST, folder, RULE, (), 1.0, SEAL) is None


def test_what_does_not_open_is_damaged_and_the_one_before_counts(
    store: CheckpointStore, tmp_path: Path
) -> None:
    good = store.take(FIRST, task_folder(tmp_path, FIRST, b"one"), RULE, (), 1.0, SEAL)
    assert good is not None
    others = StateSeal(RULE, KEY.for_task(1))
    folder = task_folder(tmp_path, "second", b"two")
    bad = store.take(FIRST, folder, RULE, (good,), 2.0, others)
    assert bad is not None
    again = task_folder(tmp_path, "again")
    found = store.place(FIRST, (bad, good), again, SEAL)
    assert (found.checkpoint, found.damaged) == (good, (bad,))
    assert placed(again) == b"one"


def test_without_a_good_one_the_task_begins_at_its_beginning(
    store: CheckpointStore, tmp_path: Path
) -> None:
    taken = store.take(FIRST, task_folder(tmp_path, FIRST, b"one"), RULE, (), 1.0, SEAL)
    assert taken is not None
    store.path(FIRST, taken).write_bytes(b"rubbish")
    again = task_folder(tmp_path, "again", b"left by somebody")
    assert store.place(FIRST, (taken,), again, SEAL).checkpoint is None
    assert list((again / "checkpoint").iterdir()) == []
    assert store.take(FIRST, again, RULE, (), 1.0, SEAL) is None
