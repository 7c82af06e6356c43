"""Tampering with the folder in which a task saves its state."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import CheckpointRule, MiB
from gridle.worker.sandbox.checkpoint_state import place_state, take_state
from gridle.worker.sandbox.output import wipe
from gridle.worker.sandbox.port import Ending
from tests.escape import verdicts
from tests.escape.case import ABSENT, CONTAINERS, EVERYWHERE, Case, stopped
from tests.escape.conftest import Attacker, in_fences, rows

RULE = CheckpointRule(format_version=1, max_bytes=MiB)
_KIND = ("checkpoint folder",)
_SIZE = ("bytes of state", "larger than any of its limits")
_PLAIN_FOR_A_MOMENT = ("state-race", "state-huge", "state-sparse")
_UNMOVED = ABSENT | {"Resource busy", "Cross-device link", "Invalid argument"}

_unmade = partial(Case, says=_KIND, unmade=True)
CASES = [
    Case("a state that is a link to the host", ("state-link", "@secret"), CONTAINERS, says=_KIND),
    _unmade("a state that is a link that climbs", ("state-link", "../../../secret.txt"),
            EVERYWHERE),
    _unmade("a request that is a link", ("save-link", "../../../secret.txt"), EVERYWHERE),
    _unmade("a request that is a folder", ("save-folder",), EVERYWHERE),
    _unmade("a state that is a folder", ("state-folder",), EVERYWHERE),
    _unmade("a state with two names", ("state-twice",), EVERYWHERE),
    Case("a state that is too large", ("state-huge",), EVERYWHERE, says=_SIZE),
    Case("a state that says it is large", ("state-sparse",), EVERYWHERE, says=_SIZE),
    _unmade("more files than may be", ("state-more",), EVERYWHERE),
    Case("a state that becomes a link and back", ("state-race", "@secret"), CONTAINERS,
         says=_KIND),
]  # fmt: skip


@rows(CASES)
def test_tampering_ends_the_task(attacker: Attacker, case: Case, tmp_path: Path) -> None:
    words = {"@secret": str(attacker.host.secret_file)}
    arguments = tuple(words.get(each, each) for each in case.arguments)
    attack = attacker.fence.start(*arguments, checkpoint=RULE)
    saved = attack.task.save(0.2)
    _take_nothing_of_the_hosts(attacker, attack.folder, tmp_path)
    says = case.sentences(attacker.fence.name)
    ended = Case(case.name, arguments, endings=(Ending.FAILED,), says=says, tells=False)
    outcome = stopped(ended, attack)
    _take_nothing_of_the_hosts(attacker, attack.folder, tmp_path)
    attacker.host.check(log=outcome.log_tail, out=attack.out)
    assert attacker.neighbour.goes_on()
    verdicts.note(case.name, attacker.fence.name, outcome)
    assert saved is False or case.arguments[0] in _PLAIN_FOR_A_MOMENT
    assert place_state(None, attack.folder)  # it begins at its beginning, whatever was there
    assert list((attack.folder / "checkpoint").iterdir()) == []
    wipe(attack.folder)


def _take_nothing_of_the_hosts(attacker: Attacker, folder: Path, to: Path) -> None:
    saved = take_state(folder, RULE, to / "saved")
    if saved is not None:
        assert attacker.host.secret.encode() not in saved.path.read_bytes()
        assert saved.size_bytes <= RULE.max_bytes


@in_fences(*CONTAINERS)
def test_a_state_that_is_a_pipe_blocks_nobody(attacker: Attacker, tmp_path: Path) -> None:
    attack = attacker.fence.start("state-pipe", checkpoint=RULE)
    assert take_state(attack.folder, RULE, tmp_path / "saved") is None
    assert attack.task.save(0.2) is False
    attack.task.stop()
    outcome = attack.outcome()
    assert outcome.ending in (Ending.FAILED, Ending.STOPPED)
    verdicts.note("a state that is a pipe", attacker.fence.name, outcome)


@in_fences(*EVERYWHERE)
@pytest.mark.parametrize("what", ["state-grows", "save-keeper"])
def test_a_state_is_taken_whole_or_not_at_all(
    attacker: Attacker, what: str, tmp_path: Path
) -> None:
    attack = attacker.fence.start(what, checkpoint=RULE)
    taken = 0
    for _ in range(200):
        saved = take_state(attack.folder, RULE, tmp_path / "saved")
        if saved is not None:
            taken += 1
            assert saved.path.stat().st_size == saved.size_bytes <= RULE.max_bytes
    if what == "save-keeper":
        assert attack.task.save(0.3) is False
        assert taken == 0
    assert attack.outcomes.empty(), attack.outcomes.get()
    attack.task.stop()
    assert attack.outcome().ending is Ending.STOPPED
    assert attacker.neighbour.goes_on()
    verdicts.record(f"a state that is in motion: {what}", attacker.fence.name, f"{taken} whole")


@in_fences(*EVERYWHERE)
def test_the_folder_itself_stays(attacker: Attacker) -> None:
    attack = attacker.fence.start("replace-checkpoint", checkpoint=RULE)
    outcome = stopped(Case("replace checkpoint/ itself", (), errors=_UNMOVED), attack)
    verdicts.note("replace checkpoint/ itself", attacker.fence.name, outcome)


@in_fences(*CONTAINERS)
def test_the_folders_cannot_be_closed_to_the_worker(attacker: Attacker) -> None:
    attack = attacker.fence.start("closed-checkpoint", checkpoint=RULE)
    outcome = stopped(Case("close checkpoint/ to the worker", ()), attack)
    verdicts.note("close checkpoint/ to the worker", attacker.fence.name, outcome)
