"""Saved states of sealed tasks: plain in the task's own folder, sealed wherever else they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.sealed_stream import sealed_size
from gridle.market.protocol.sealing import TaskKeys
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME, STATE_NAME
from gridle.worker.sandbox.checkpoint_state import (
    SavedState,
    is_undamaged,
    place_state,
    take_state,
)
from gridle.worker.sandbox.sealed_files import open_state, seal_state


@dataclass(frozen=True)
class StateSeal:
    """Seals one task's states as they leave its folder, and opens them as they come into it."""

    rule: CheckpointRule
    keys: TaskKeys

    def take(self, folder: Path, to: Path) -> SavedState | None:
        """Do as `take_state`, but what is kept in `to` is sealed.

        Raises:
            UnavailableError: this machine's disk is full or failing.
        """
        # Of its own name, since two may take a task's state at once.
        plain = take_state(folder, self.rule, folder / to.name)
        if plain is None:
            return None
        draft = to.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            sealed = seal_state(plain.path, draft, self.rule, self.keys)
        finally:
            plain.path.unlink(missing_ok=True)
        draft.replace(to)
        return SavedState(to, sealed.sha256, sealed.size_bytes)

    def place(self, saved: SavedState | None, folder: Path) -> bool:
        """Do as `place_state` with a sealed state; one that does not open counts as damaged.

        Raises:
            UnavailableError: this machine's disk is full or failing.
        """
        place_state(None, folder)
        if saved is None:
            return True
        if not is_undamaged(saved):
            return False
        try:
            open_state(saved.path, folder / CHECKPOINT_NAME / STATE_NAME, self.rule, self.keys)
        except InvalidInputError:
            return False
        return True


def sealed_rule(rule: CheckpointRule) -> CheckpointRule:
    """Return the rule to which states are held while they are sealed."""
    return msgspec.structs.replace(rule, max_bytes=sealed_size(rule.max_bytes))
