"""How a task saves its state when it is told to, and goes on from it, asked of each adapter."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from gridle.market.protocol.manifest import CheckpointRule
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.checkpoint_state import SavedState, take_state
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_begin import has_begun
from gridle.worker.sandbox.port import Ending
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.contract.worker.conftest import END_TIMEOUT_S, SMALL, Rig, Started
from tests.contract.worker.test_sandbox import counted, wait_for_count
from tests.fakes.sandbox import STATE, FakeSandbox

pytestmark = pytest.mark.timeout(300)  # the first run on a machine builds a C library

RULE = CheckpointRule(format_version=1, max_bytes=2**18)
ENDLESS = str(10**9)


def test_a_task_saves_when_told_and_goes_on(rig: Rig) -> None:
    started = rig.start("simulate", ENDLESS, checkpoint=RULE)
    seen = []
    for _ in range(3):
        assert started.task.save(END_TIMEOUT_S)
        assert not (started.folder / "checkpoint" / "save").exists()
        seen.append(step(taken(started)))
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED


def test_a_signal_comes_only_where_it_can_do_no_harm(rig: Rig) -> None:
    started = rig.start("listen", ENDLESS, checkpoint=RULE)
    if not isinstance(rig.sandbox, ContainerSandbox):
        assert started.outcome().explanation == explanations.exit_status(99)
        pytest.skip("WebAssembly has no signals")
    if True not in {has_begun(pid) for pid in rig.process_ids(started)}:
        assert not started.task.save(2.0)
        pytest.skip("what runs here is not to be signalled")
    assert any(started.task.save(1.0) for _ in range(60))  # it may not listen yet
    assert taken(started).size_bytes == STATE.size


def broken_off(
    rig: Rig, steps: str, draw: random.Random, state: SavedState | None
) -> SavedState | None:
    """Save at some moment, go on to another, kill; the state, None where it was done before."""
    started = rig.start("simulate", steps, checkpoint=RULE, state=state)
    time.sleep(draw.uniform(0.0, 0.15))  # the moment is what is drawn
    if not started.task.save(END_TIMEOUT_S):
        assert started.outcome().ending is Ending.FINISHED
        return None
    saved = taken(started)
    time.sleep(draw.uniform(0.0, 0.15))  # work that is lost
    started.task.stop()
    assert started.outcome().ending in {Ending.STOPPED, Ending.FINISHED}
    return saved


@pytest.mark.parametrize("seed", range(2))
def test_broken_off_anywhere_it_ends_as_if_undisturbed(rig: Rig, seed: int) -> None:
    steps = "200" if isinstance(rig.sandbox, FakeSandbox) else "1500"
    draw, state, reached = random.Random(seed), None, 0  # noqa: S311 - a moment, not a secret
    whole = rig.start("simulate", steps, checkpoint=RULE)
    assert whole.outcome().ending is Ending.FINISHED
    for _ in range(3):
        newer = broken_off(rig, steps, draw, state)
        if newer is None:
            break
        assert step(newer) >= reached
        state, reached = newer, step(newer)
    assert state is not None, "it was done before it could be broken off"
    last = rig.start("simulate", steps, checkpoint=RULE, state=state)
    assert last.outcome().ending is Ending.FINISHED
    assert (last.out / "result.txt").read_bytes() == (whole.out / "result.txt").read_bytes()


def test_without_a_rule_nothing_is_saved(rig: Rig) -> None:
    started = rig.start("count")
    wait_for_count(started, 1)
    assert not within(started.task.save, 60.0)
    assert not (started.folder / "checkpoint").exists()


def test_a_paused_task_cannot_save(rig: Rig) -> None:
    started = rig.start("simulate", ENDLESS, checkpoint=RULE)
    started.task.pause()
    assert not within(started.task.save, 600.0)
    started.task.resume()
    assert started.task.save(END_TIMEOUT_S)


def test_a_task_that_does_not_listen_runs_on(rig: Rig) -> None:
    started = rig.start("count", checkpoint=RULE)
    wait_for_count(started, 1)
    began_s = time.monotonic()
    assert not started.task.save(0.5)
    assert time.monotonic() - began_s >= 0.5
    assert list((started.folder / "checkpoint").iterdir()) == []
    wait_for_count(started, counted(started) + 2)
    assert take_state(started.folder, RULE, started.folder / "taken.state") is None


@pytest.mark.parametrize("break_off", ["pause", "stop"])
def test_a_pause_or_an_end_breaks_off_the_wait(rig: Rig, break_off: str) -> None:
    started = rig.start("count", checkpoint=RULE)
    wait_for_count(started, 1)
    answers: list[bool] = []
    asks = [
        threading.Thread(target=lambda: answers.append(started.task.save(600.0))) for _ in range(2)
    ]
    for ask in asks:
        ask.start()
    wait_until((started.folder / "checkpoint" / "save").exists)
    getattr(started.task, break_off)()
    for ask in asks:
        ask.join(END_TIMEOUT_S)
    assert answers == [False, False]
    assert not (started.folder / "checkpoint" / "save").exists()


def test_two_who_ask_at_once_both_get_a_state(rig: Rig) -> None:
    started = rig.start("simulate", ENDLESS, checkpoint=RULE)
    answers: list[bool] = []
    asks = [
        threading.Thread(target=lambda: answers.append(started.task.save(END_TIMEOUT_S)))
        for _ in range(3)
    ]
    for ask in asks:
        ask.start()
    for ask in asks:
        ask.join(END_TIMEOUT_S)
    assert answers == [True, True, True]


def test_a_slow_task_saves_within_its_grace(rig: Rig) -> None:
    started = rig.start("simulate", ENDLESS, cpu_percent=10.0, checkpoint=RULE)
    assert started.task.save(END_TIMEOUT_S)


@pytest.mark.parametrize(
    "how",
    ["link", "fifo", "folder", "hard-link", "huge", "extra", "request-folder", "request-link"],
)
def test_tampering_ends_the_task_and_leads_nowhere(rig: Rig, how: str) -> None:
    started = rig.start("tamper", how, checkpoint=RULE, resources=SMALL)
    assert not started.task.save(5.0)
    if how == "fifo" and rig.word == "podman-gvisor" and not _is_made(started):
        pytest.skip("this gVisor keeps FIFOs to itself: nothing of it came to be on this machine")
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    if how == "fifo" and outcome.explanation == explanations.exit_status(99):
        assert isinstance(rig.sandbox, WasmSandbox)
        pytest.skip("WebAssembly has no FIFOs")
    assert outcome.explanation is not None
    assert "plain file" in outcome.explanation.en or "of state" in outcome.explanation.en
    assert take_state(started.folder, RULE, started.folder / "taken.state") is None
    assert not list(started.folder.glob("taken.*"))
    assert not (started.out / "made").exists()
    assert (started.folder / "in" / "data.txt").read_text() == "forty-two"


def _is_made(started: Started) -> bool:
    return any((started.folder / "checkpoint").iterdir()) or not started.outcomes.empty()


def taken(started: Started) -> SavedState:
    saved = take_state(started.folder, RULE, started.folder / "taken.state")
    assert saved is not None
    return saved


def step(saved: SavedState) -> int:
    """Return how far a state is, checking that it is whole."""
    mark, reached, _, _ = STATE.unpack(saved.path.read_bytes())
    assert mark.rstrip(b"\0") == b"sim 1"
    return int(reached)


def within(save: Callable[[float], bool], grace_s: float) -> bool:
    """Return what came of a request, which must be known long before its grace is over."""
    began_s = time.monotonic()
    answer = save(grace_s)
    assert time.monotonic() - began_s < grace_s / 2
    return answer


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + END_TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
