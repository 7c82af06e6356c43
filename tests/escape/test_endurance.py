"""Refusing to end, hiding, and going on after a pause."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import psutil
import pytest

from gridle.market.protocol.manifest import MiB
from gridle.worker.sandbox.port import Ending
from tests.escape import verdicts
from tests.escape.case import CONTAINERS, GVISOR
from tests.escape.conftest import Attacker, in_fences
from tests.escape.fence import SMALL, Attack, eventually

ROOMY = msgspec.structs.replace(SMALL, memory_bytes=256 * MiB)
"""gVisor's kernel takes of the task's memory, too."""
STOP_S = 30.0  # generous to a busy machine; it takes a moment on an idle one


def _processes(attack: Attack) -> list[int]:
    """Return the processes of the host that belong to a container, by its id."""
    container_id = (attack.folder / "container.id").read_text("ascii").strip()
    found = []
    for pid in psutil.pids():
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text("ascii")
        except OSError:
            continue
        if container_id in groups:
            found.append(pid)
    return found


@in_fences(*CONTAINERS)
@pytest.mark.parametrize("what", ["deaf", "daemon", "stopped", "vforked", "zombies"])
def test_stop_ends_what_refuses(attacker: Attacker, what: str) -> None:
    attack = attacker.fence.start({"vforked": "vfork"}.get(what, what), resources=ROOMY)
    attack.await_file("ready")
    assert _processes(attack)
    began_s = time.monotonic()
    attack.task.stop()
    outcome = attack.outcomes.get(timeout=STOP_S)
    took_s = time.monotonic() - began_s
    assert outcome.ending is Ending.STOPPED
    assert eventually(lambda: not _processes(attack)), _processes(attack)
    attacker.host.check(log=outcome.log_tail, out=attack.out)
    assert attacker.neighbour.goes_on()
    verdicts.record(
        f"refuse to end: {what}", attacker.fence.name, f"gone {took_s:.2f} s after stop"
    )


@in_fences(*CONTAINERS)
def test_a_daemon_does_not_outlive_its_task(attacker: Attacker) -> None:
    attack = attacker.fence.start("daemon-alone")
    outcome = attack.outcome()
    assert outcome.ending is Ending.FINISHED
    assert eventually(lambda: not _processes(attack)), _processes(attack)
    verdicts.record("leave a daemon behind", attacker.fence.name, "gone with its task")


@in_fences(*CONTAINERS)
def test_nothing_computes_after_a_pause(attacker: Attacker) -> None:
    attack = attacker.fence.start("crowd", resources=ROOMY)
    beat = attack.await_file("beat")
    assert eventually(lambda: attack.task.usage().cpu_s > 0.05)
    attack.task.pause()
    used_s, beaten = attack.task.usage().cpu_s, beat.read_text()
    time.sleep(0.5)  # what is looked for is that nothing happens
    assert attack.task.usage().cpu_s - used_s < 0.002
    assert beat.read_text() == beaten
    assert attacker.neighbour.goes_on()
    attack.task.resume()
    goes_on = eventually(lambda: beat.read_text() != beaten)
    # a gVisor of 2022 at times locks itself up when it is frozen while many processes run
    assert goes_on or attacker.fence.name == GVISOR
    attack.task.pause()
    attack.task.stop()
    ending = attack.outcomes.get(timeout=STOP_S).ending
    assert ending is Ending.STOPPED or (attacker.fence.name == GVISOR and ending is Ending.BROKEN)
    assert eventually(lambda: not _processes(attack)), _processes(attack)
    verdicts.record("compute after a pause", attacker.fence.name, "no CPU time, in any session")
    if not goes_on:
        verdicts.record("go on after a pause", attacker.fence.name, "locked up; ended all the same")


@in_fences(*CONTAINERS)
def test_a_share_holds_for_a_crowd(attacker: Attacker) -> None:
    attack = attacker.fence.start("crowd", cpu_percent=20.0, resources=ROOMY)
    attack.await_file("ready")
    used_s, began_s = attack.task.usage().cpu_s, time.monotonic()
    time.sleep(1.0)
    rate = (attack.task.usage().cpu_s - used_s) / (time.monotonic() - began_s)
    assert rate < 0.27
    attack.task.stop()
    attack.outcomes.get(timeout=STOP_S)
    verdicts.record("take more CPU by many threads", attacker.fence.name, f"{rate:.2f} of 0.20")
