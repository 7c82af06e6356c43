from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.sandbox.checkpoint_store import CheckpointStore, Found
from tests.rigs.worker_jobs import lease_id

RULE = CheckpointRule(format_version=1, max_bytes=1000)
LEASE, OTHER = lease_id(1), lease_id(2)
NOW = 1_700_000_000.0


class CrashError(BaseException):
    """A kill, or a power failure."""


@contextmanager
def crash_at(step: int) -> Iterator[Callable[[], None]]:
    """Break off before the file operation number `step`; the block gets a step of its own."""
    left = [step]

    def tick() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise CrashError

    def ticking(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the real one's
            try:
                tick()
            except CrashError:
                if real is fsync and os.path.isfile(f"/proc/self/fd/{args[0]}"):  # noqa: PTH113 - follows it
                    os.ftruncate(args[0], 1)  # what was not yet on the disk is lost
                raise
            return real(*args, **named)

        return call

    fsync = os.fsync
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "mkdir", "fsync", "replace", "unlink"):
            patch.setattr(os, name, ticking(getattr(os, name)))
        yield tick


class Saving(RuleBasedStateMachine):
    """A lease's states through kills and damage; `kept` is what the ledger was told of."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="gridle-store-"))
        self.store = CheckpointStore(self.home / "checkpoints", lambda: NOW)
        self.ledger = Ledger(connect(self.home / "ledger.sqlite"))
        self.kept: dict[int, bytes] = {}
        self.damaged: set[int] = set()
        self.count = 0

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.home)

    @property
    def known(self) -> tuple[Checkpoint, ...]:
        return self.ledger.checkpoints.of(LEASE)

    @rule(crashes_at=st.integers(0, 9) | st.just(99), size=st.integers(1, 900))
    def save(self, crashes_at: int, size: int) -> None:
        self.count += 1
        content = f"{self.count} ".encode() * size
        folder = self.home / "task"
        (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint" / "state").write_bytes(content[:1000])
        try:
            with crash_at(crashes_at) as tick:
                taken = self.store.take(LEASE, folder, RULE, self.known, float(self.count))
                assert taken is not None
                tick()
                self.ledger.checkpoints.add(LEASE, taken)
                self.kept[taken.number] = content[:1000]
                self.damaged.discard(taken.number)
                tick()
                self.store.tidy(LEASE, self.known)
        except CrashError:
            self.restart()

    @rule()
    def restart(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(connect(self.home / "ledger.sqlite"))
        self.store = CheckpointStore(self.home / "checkpoints", lambda: NOW)
        self.store.sweep([LEASE])
        self.store.tidy(LEASE, self.known)
        numbers = {each.number for each in self.known}
        newest = max(numbers, default=0)
        for path in (self.home / "checkpoints").glob("*.state"):
            number = int(path.stem.rpartition("-")[2])  # at most one was being taken
            assert number in numbers or number == newest + 1

    @precondition(lambda self: self.intact)
    @rule(how=st.sampled_from(["flip", "cut", "remove"]), newest=st.booleans())
    def damage(self, how: str, *, newest: bool) -> None:
        hurt = self.intact[0 if newest else -1]
        path = self.store.path(LEASE, hurt)
        content = path.read_bytes()
        if how == "remove":
            path.unlink()
        else:
            path.write_bytes(content[:-1] + (b"?" if how == "flip" else b""))
        self.damaged.add(hurt.number)

    @property
    def intact(self) -> list[Checkpoint]:
        return [each for each in self.known if each.number not in self.damaged]

    def check(self, found: Found) -> None:
        expected = self.intact[0] if self.intact else None
        assert found.checkpoint == expected
        newer = [each for each in self.known if expected is None or each.number > expected.number]
        assert found.damaged == tuple(newer)
        self.ledger.checkpoints.remove(LEASE, found.damaged)

    @rule()
    def look(self) -> None:
        found = self.store.newest_good(LEASE, self.known)
        self.check(found)
        if found.checkpoint is not None:
            content = self.store.path(LEASE, found.checkpoint).read_bytes()
            assert content == self.kept[found.checkpoint.number]

    @rule()
    def place(self) -> None:
        found = self.store.place(LEASE, self.known, self.home / "task")
        self.check(found)
        placed = {path.name: path.read_bytes() for path in (self.home / "task").glob("*/*")}
        good = found.checkpoint
        assert placed == ({} if good is None else {"state": self.kept[good.number]})

    @invariant()
    def the_last_completed_save_is_known(self) -> None:
        if self.kept and not self.damaged:
            assert self.known[0].number == max(self.kept)
            assert len(self.known) == min(2, len(self.kept))


TestSaving = Saving.TestCase
TestSaving.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", lambda: NOW)


def task_folder(tmp_path: Path, content: bytes = b"state") -> Path:
    (tmp_path / "task" / "checkpoint").mkdir(parents=True, exist_ok=True)
    (tmp_path / "task" / "checkpoint" / "state").write_bytes(content)
    return tmp_path / "task"


def take(store: CheckpointStore, tmp_path: Path, *known: Checkpoint) -> Checkpoint:
    taken = store.take(LEASE, task_folder(tmp_path), RULE, known, 1.5)
    assert taken is not None
    return taken


def test_a_task_without_a_state_gives_none(store: CheckpointStore, tmp_path: Path) -> None:
    folder = task_folder(tmp_path, b"")
    assert store.take(LEASE, folder, RULE, (), 0.0) is None
    assert store.newest_good(LEASE, ()) == Found(None)


def test_a_damaged_state_is_set_aside_and_forgotten_with_its_lease(
    store: CheckpointStore, tmp_path: Path
) -> None:
    first = take(store, tmp_path)
    second = take(store, tmp_path, first)
    path = store.path(LEASE, second)
    path.write_bytes(b"other")
    assert store.newest_good(LEASE, (second, first)) == Found(first, (second,))
    aside = path.with_name(f"{path.name}.corrupt-{int(NOW)}")
    assert aside.read_bytes() == b"other"
    store.forget(LEASE)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_state_from_another_node_counts_on(store: CheckpointStore, tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"theirs")
    adopted = store.adopt(LEASE, blob, RULE, 12.5)
    assert adopted is not None
    assert (adopted.number, adopted.done_cpu_s, adopted.saved_at) == (1, 12.5, NOW)
    assert take(store, tmp_path, adopted).number == 2
    blob.write_bytes(bytes(1001))
    assert store.adopt(LEASE, blob, RULE, 0.0) is None


def test_two_that_take_at_once_take_two_states(store: CheckpointStore, tmp_path: Path) -> None:
    first, second = take(store, tmp_path), take(store, tmp_path)
    assert (first.number, second.number) == (1, 2)
    store.tidy(LEASE, (first,))
    assert store.newest_good(LEASE, (second, first)) == Found(second)
    store.tidy(LEASE, (second,))
    assert store.newest_good(LEASE, (first,)) == Found(None, (first,))


def test_a_sweep_keeps_to_live_leases(store: CheckpointStore, tmp_path: Path) -> None:
    mine = take(store, tmp_path)
    theirs = store.take(OTHER, task_folder(tmp_path), RULE, (), 0.0)
    assert theirs is not None
    store.sweep([LEASE])
    assert list((tmp_path / "checkpoints").iterdir()) == [store.path(LEASE, mine)]
    store.sweep([])
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_nothing_is_left_to_sweep_where_nothing_was_saved(store: CheckpointStore) -> None:
    store.sweep([])
    store.forget(LEASE)


def test_the_folder_is_this_users_alone(store: CheckpointStore, tmp_path: Path) -> None:
    take(store, tmp_path)
    assert (tmp_path / "checkpoints").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said(
    store: CheckpointStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    folder = task_folder(tmp_path)
    monkeypatch.setattr(os, "mkdir", full)
    with pytest.raises(UnavailableError, match="No space left"):
        store.take(LEASE, folder, RULE, (), 0.0)
