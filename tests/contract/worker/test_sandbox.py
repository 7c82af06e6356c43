"""What every sandbox promises, asked of each adapter and of the fake that stands in for them."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import MiB, Resources
from gridle.worker.sandbox.output import collect_output, wipe
from gridle.worker.sandbox.port import Ending, RunningTask, Share
from tests.contract.worker.conftest import (
    SMALL,
    ContainerKind,
    Rig,
    Started,
    container_rig,
)

pytestmark = pytest.mark.timeout(300)  # the first run on a machine builds a C library

PROGRESS_TIMEOUT_S = 90.0


def counted(started: Started) -> int:
    """Return how far the counting task came, checking that it never lost its memory."""
    path = started.out / "count.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    assert lines == [str(number) for number in range(1, len(lines) + 1)]
    return len(lines)


def wait_for_count(started: Started, least: int) -> None:
    deadline_s = time.monotonic() + PROGRESS_TIMEOUT_S
    while counted(started) < least:
        assert started.outcomes.empty(), started.outcomes.get()
        assert time.monotonic() < deadline_s, "the task made no progress"
        time.sleep(0.005)


def rate(task: RunningTask, window_s: float) -> float:
    """Return the share of one core that was really used over a window."""
    before_s, began_s = task.usage().cpu_s, time.monotonic()
    time.sleep(window_s)
    return (task.usage().cpu_s - before_s) / (time.monotonic() - began_s)


def wait_for_rate(task: RunningTask, least: float, most: float) -> None:
    """Never more than `most`; at least `least` as soon as this machine has time for it.

    Tasks have the lowest weight, so a busy machine gives them less than their share.
    """
    deadline_s = time.monotonic() + PROGRESS_TIMEOUT_S
    while (seen := rate(task, 0.5)) < least:
        assert time.monotonic() < deadline_s, f"the task was given {seen:.2f} of a core"
    assert seen <= most


def test_finishes_with_its_output_and_arguments(rig: Rig) -> None:
    started = rig.start("echo", "a b", "$HOME;`x`", "-v", "é")
    outcome = started.outcome()
    assert outcome.ending is Ending.FINISHED, outcome
    packed = collect_output(started.folder, SMALL)
    files = unpack(packed.path.read_bytes(), max_bytes=10_000, max_files=4)
    assert files == {"words.txt": "a b\n$HOME;`x`\n-v\né\n".encode()}


def test_failure_is_told_with_its_status_and_last_words(rig: Rig) -> None:
    outcome = rig.start("say").outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "status 7" in outcome.explanation.en
    assert outcome.log_tail == "first\nthe [31mlast[0m words\n"


@pytest.mark.parametrize("status", [1, 3, 100])
def test_exit_status_is_the_tasks_fault(rig: Rig, status: int) -> None:
    assert rig.start("exit", str(status)).outcome().ending is Ending.FAILED


def test_input_can_be_read_and_not_written(rig: Rig) -> None:
    started = rig.start("copy")
    outcome = started.outcome()
    assert outcome.ending is Ending.FINISHED, outcome
    assert (started.out / "copy.txt").read_text() == "forty-two"
    assert (started.folder / "in" / "data.txt").read_text() == "forty-two"


def test_nothing_outside_can_be_seen(rig: Rig, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the owner's")
    for path in (str(secret), "/etc/shadow", "/in/../../secret"):
        outcome = rig.start("peek", path).outcome()
        assert outcome.ending is Ending.FINISHED, path


def test_nothing_of_this_machine_is_in_its_environment(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("OWNER", "somebody")
    outcome = rig.start("environment").outcome()
    names = {line.split("=")[0] for line in outcome.log_tail.splitlines()}
    assert names <= {"PATH", "HOME", "TZ", "HOSTNAME", "TERM", "container"}


def test_memory_is_limited(rig: Rig) -> None:
    started = rig.start("allocate", resources=SMALL)
    assert started.outcome().ending is Ending.FAILED
    assert started.task.usage().peak_memory_bytes < 256 * MiB


def test_nothing_is_left_where_the_worker_was_started(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for what in ("allocate", "say"):
        started = rig.start(what, resources=SMALL)
        assert started.outcome().ending is Ending.FAILED
        assert list(here.iterdir()) == []
        assert {path.name for path in started.folder.iterdir()} >= {"in", "out"}


def test_output_bytes_are_limited(rig: Rig) -> None:
    started = rig.start("fill", resources=SMALL)
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "bytes of output" in outcome.explanation.en
    with pytest.raises(InvalidInputError):
        collect_output(started.folder, SMALL)


def test_output_files_are_limited(rig: Rig) -> None:
    outcome = rig.start("many", resources=SMALL).outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "4 output files" in outcome.explanation.en


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_only_plain_files_count_as_output(rig: Rig, kind: str) -> None:
    started = rig.start(kind)
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "plain file" in outcome.explanation.en


def test_a_flood_of_words_ends_the_task(rig: Rig) -> None:
    outcome = rig.start("flood").outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "printed" in outcome.explanation.en


def test_wall_time_is_limited_and_pauses_do_not_count(rig: Rig) -> None:
    limits = msgspec.structs.replace(Resources(reference_s=1.0), wall_limit_s=0.5)
    started = rig.start("count", resources=limits)
    wait_for_count(started, 1)
    started.task.pause()
    with pytest.raises(queue.Empty):
        started.outcomes.get(timeout=1.5)
    started.task.resume()
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "0.5 seconds" in outcome.explanation.en
    assert started.task.usage().wall_s >= 0.5


def test_waiting_for_a_cpu_does_not_count_against_the_limit(rig: Rig) -> None:
    limits = msgspec.structs.replace(Resources(reference_s=1.0), wall_limit_s=0.4)
    started = rig.start("count", cpu_percent=20.0, resources=limits)
    outcome = started.outcome()
    assert outcome.ending is Ending.FAILED
    usage = started.task.usage()
    assert usage.wall_s > 0.9
    assert 0.15 < usage.cpu_s < 1.0  # waiting for a file counts, waiting for a CPU does not


def test_a_task_that_hangs_meets_its_limit(rig: Rig) -> None:
    limits = msgspec.structs.replace(Resources(reference_s=1.0), wall_limit_s=0.4)
    started = rig.start("sleep", cpu_percent=20.0, resources=limits)
    assert started.outcome().ending is Ending.FAILED
    assert started.task.usage().cpu_s < 0.35


def test_pause_uses_no_cpu_and_keeps_memory(rig: Rig) -> None:
    started = rig.start("count")
    wait_for_count(started, 3)
    started.task.pause()
    started.task.pause()
    reached = counted(started)
    assert rate(started.task, 0.4) < 0.005
    assert counted(started) == reached
    started.task.resume()
    wait_for_count(started, reached + 3)
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED


def test_apply_changes_the_rate(rig: Rig) -> None:
    started = rig.start("count", cpu_percent=15.0)
    wait_for_count(started, 1)
    wait_for_rate(started.task, 0.08, 0.22)
    started.task.apply(Share(60.0))
    wait_for_rate(started.task, 0.25, 0.7)
    started.task.pause()
    started.task.apply(Share(30.0))
    assert rate(started.task, 0.3) < 0.005
    started.task.resume()
    wait_for_rate(started.task, 0.1, 0.4)


@pytest.mark.parametrize("paused", [False, True])
def test_stop_ends_it_and_says_so_once(rig: Rig, *, paused: bool) -> None:
    started = rig.start("count")
    wait_for_count(started, 1)
    if paused:
        started.task.pause()
    started.task.stop()
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED
    started.task.pause()
    started.task.resume()
    started.task.apply(Share(50.0))
    started.task.stop()
    assert started.outcomes.empty()
    usage = started.task.usage()
    assert usage == started.task.usage()
    assert usage.cpu_s > 0


def test_wipe_leaves_nothing(rig: Rig) -> None:
    started = rig.start("echo", "x")
    started.outcome()
    wipe(started.folder)
    assert not started.folder.exists()
    wipe(started.folder)


def test_close_stops_everything(rig: Rig) -> None:
    tasks = [rig.start("count", cpu_percent=30.0) for _ in range(3)]
    for started in tasks:
        wait_for_count(started, 1)
    rig.sandbox.close()
    assert [started.outcomes.get(timeout=1).ending for started in tasks] == [Ending.STOPPED] * 3


def test_availability_says_what_was_found(rig: Rig) -> None:
    found = rig.sandbox.availability()
    assert found.works
    assert found.version in found.explanation.en or found.version


@pytest.mark.engine
def test_gvisor_through_docker_keeps_the_same_promises(
    container_kind: Callable[[str], ContainerKind], tmp_path: Path
) -> None:
    """In short: the whole suite runs on gVisor through Podman, and on Docker with its own."""
    rig = container_rig(container_kind("docker-gvisor"), tmp_path)
    started = rig.start("count", cpu_percent=50.0)
    wait_for_count(started, 1)
    started.task.pause()
    assert rate(started.task, 0.4) < 0.005
    started.task.stop()
    assert started.outcome().ending is Ending.STOPPED
    assert rig.start("allocate", resources=SMALL).outcome().ending is Ending.FAILED
    assert rig.sandbox.sweep() == 0
