"""Saved states: taken from a hostile task, damaged where they are kept, placed and taken over."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ledger.checkpoints import KEPT, Checkpoint, CheckpointTable
from gridle.worker.ledger.schema import migrate
from gridle.worker.sandbox.checkpoint import (
    CHECKPOINT_NAME,
    STATE_NAME,
    SaveRequests,
    checkpoint_fault,
)
from gridle.worker.sandbox.checkpoint_store import CheckpointStore
from gridle.worker.sandbox.output import wipe
from tests.fuzz.bounds import bounded
from tests.fuzz.cage import Cage, cage
from tests.fuzz.choices import Choices
from tests.fuzz.hostile_folder import HostileTask

RULE = CheckpointRule(format_version=1, max_bytes=4096)
_LEASE = "lease-" + "a" * 24
_OTHER = "lease-" + "b" * 24
SEEDS = (
    bytes([0, 0, 0, 7, 0, 1, 0, 4, 0, 0, 0, 0, 1, 1, 1, 0, 4]),
    bytes([0, 2, 0, 0, 1, 1, 0, 5, 0, 0, 1, 1, 0, 4]),
    bytes([6, 100, 100, 4, 2, 1, 4, 1, 3, 0]),
    bytes([0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 0, 1, 3, 2, 4]),
    bytes([5, 0, 1, 0, 5, 2, 2, 1, 0, 5, 0, 0, 1, 4]),
)
TOKENS = tuple(bytes([0, deed, name]) for deed in range(12) for name in (0, 1, 2))


def one_input(data: bytes) -> None:
    """What is placed is what was saved; nothing of anybody else's is ever in it."""
    with cage() as held:
        story = _Story(held, Choices(data))
        try:
            with bounded(data):
                story.play()
        finally:
            story.close()
        wipe(held.task)
        held.task.mkdir()


class _Story:
    """A worker and its hostile task, step by step; the store lies in `task` too, to be watched."""

    def __init__(self, held: Cage, choices: Choices) -> None:
        self._held, self._choices = held, choices
        self._folder = held.task / "one"
        (self._folder / CHECKPOINT_NAME).mkdir(parents=True)
        self._kept = held.task / "kept"
        self._store = CheckpointStore(self._kept, lambda: 1000.0)
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._database)
        self._table = CheckpointTable(self._database)
        self._task = self._begin()
        self._steps: tuple[Callable[[], None], ...] = (
            self._play, self._take, self._damage, self._ask, self._place, self._watch, self._adopt,
        )  # fmt: skip

    def play(self) -> None:
        for _ in range(40):
            if not self._choices.has_more:
                break
            self._choices.one_of(self._steps)()
            assert len(self._table.of(_LEASE)) <= KEPT
        self._place()
        self._store.forget(_LEASE)
        assert not self._kept.exists() or not list(self._kept.iterdir())

    def close(self) -> None:
        self._task.close()
        self._database.close()

    def _begin(self) -> HostileTask:
        return HostileTask(self._folder / CHECKPOINT_NAME, self._held.secret)

    def _play(self) -> None:
        self._task.act(self._choices)

    def _watch(self) -> None:
        step = self._choices.number(4)
        with self._held.watched(step=step, action=self._play):
            fault = checkpoint_fault(self._folder, RULE)
        assert fault is None or isinstance(fault, Sentence)

    def _ask(self) -> None:
        asked = SaveRequests(self._folder, RULE, self._play, threading.Event(), lambda: True)
        with self._held.watched(self._folder):
            assert isinstance(asked.ask(0.0), bool)

    def _take(self) -> None:
        step = self._choices.number(8)
        with self._held.watched(self._kept, step=step, action=self._play):
            known = self._table.of(_LEASE)
            taken = self._store.take(_LEASE, self._folder, RULE, known, 1.0)
        self._note(taken)

    def _adopt(self) -> None:
        if self._table.of(_LEASE):
            return
        path = self._held.task / "download"
        path.write_bytes(bytes([self._choices.number(256)]) * self._choices.number(256) * 20)
        with self._held.watched(self._kept):
            adopted = self._store.adopt(_LEASE, path, RULE, 1.0)
        self._note(adopted)

    def _note(self, taken: Checkpoint | None) -> None:
        if taken is None:
            return
        content = self._store.path(_LEASE, taken).read_bytes()
        assert hashlib.sha256(content).hexdigest() == taken.sha256
        assert 0 < len(content) == taken.size_bytes <= RULE.max_bytes
        assert Cage.SECRET not in content
        self._table.add(_LEASE, taken)
        self._store.tidy(_LEASE, self._table.of(_LEASE))
        self._store.sweep({each: self._table.of(each) for each in (_LEASE, _OTHER)})

    def _damage(self) -> None:
        """A failing disk, or somebody with access to the worker's folder."""
        for checkpoint in self._table.of(_LEASE)[: 1 + self._choices.number(2)]:
            path = self._store.path(_LEASE, checkpoint)
            if path.is_file() and not path.is_symlink():
                self._spoil(path, path.read_bytes())

    def _spoil(self, path: Path, content: bytes) -> None:
        content = content or b"!"
        match self._choices.number(5):
            case 0:
                path.write_bytes(content[:-1])
            case 1:
                path.write_bytes(content + b"!")
            case 2:
                path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
            case 3:
                path.unlink()
            case _:
                path.unlink()
                path.symlink_to(self._held.secret)

    def _place(self) -> None:
        self._task.close()
        known = self._table.of(_LEASE)
        with self._held.watched(self._folder, self._kept), contextlib.suppress(UnavailableError):
            found = self._store.place(_LEASE, known, self._folder)
        self._table.remove(_LEASE, found.damaged)
        state = self._folder / CHECKPOINT_NAME / STATE_NAME
        assert state.exists() == (found.checkpoint is not None)
        if found.checkpoint:
            assert hashlib.sha256(state.read_bytes()).hexdigest() == found.checkpoint.sha256
        assert checkpoint_fault(self._folder, RULE) is None
        self._task = self._begin()
