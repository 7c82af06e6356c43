"""From start to money in the wallet, with a person at the keyboard and a death midway."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gridle.market.protocol.identity import load_identity
from gridle.worker.ipc.messages import Activity, WorkerState
from gridle.worker.policy.allowance import ReasonCode
from tests.e2e.practice_run import START_TIMEOUT_S, PracticeRun, family, practice_run
from tests.x_server import press_key, x_server

pytestmark = [
    pytest.mark.x11,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool"
    ),
]

WORK_TIMEOUT_S = 120.0
WORKER_ID_CHARS = 12
"""How much of its node key a worker names its containers by."""


def _working(state: WorkerState) -> bool:
    return state.activity is Activity.WORKING and any(task.cpu_s > 0 for task in state.tasks)


def test_start_key_press_pay_kill_and_the_right_balance(tmp_path: Path) -> None:
    with x_server() as display, practice_run(tmp_path / "practice", DISPLAY=display) as practice:
        practice.until(_working, START_TIMEOUT_S)
        _a_key_press_pauses_and_absence_resumes(practice, display)
        before = practice.until(lambda state: state.earnings.paid_units > 0, WORK_TIMEOUT_S)

        os.kill(practice.worker_pid(), signal.SIGKILL)
        practice.until(_working, WORK_TIMEOUT_S)
        os.kill(practice.child_pid("market serve"), signal.SIGKILL)
        os.kill(practice.child_pid("gridle app"), signal.SIGKILL)
        more_units = before.earnings.paid_units + 5000
        practice.until(lambda state: state.earnings.paid_units >= more_units, WORK_TIMEOUT_S)

        _the_chain_and_everybodys_books_agree(practice)
        processes = family(practice.process.pid)
        assert practice.end() == 0
        _, alive = psutil.wait_procs(processes, timeout=10)
        assert not alive
        assert not _containers_of(practice)


def _a_key_press_pauses_and_absence_resumes(practice: PracticeRun, display: str) -> None:
    press_key(display)
    paused = practice.until(lambda state: state.activity is Activity.PAUSED, 5)
    assert paused.reason.code is ReasonCode.IN_USE
    assert "you are using the computer" in paused.reason.sentence.en
    practice.until(_working, WORK_TIMEOUT_S)


def _the_chain_and_everybodys_books_agree(practice: PracticeRun) -> None:
    """Stop taking work, wait until all is settled, and compare chain, market and worker."""
    command = [sys.executable, "-m", "gridle", "worker", "pause"]
    home = ["--home", str(practice.home / "worker")]
    subprocess.run([*command, *home], check=True)
    settled = practice.until(
        lambda state: state.earnings.pending_units == 0 and state.earnings.earned_units == 0,
        WORK_TIMEOUT_S,
    )
    awarded_units = sum(job.status.awarded_units for job in practice.jobs())
    balance_units = practice.hub().token_balance_units(settled.payout_address)
    assert balance_units == awarded_units == settled.earnings.paid_units > 0


def _containers_of(practice: PracticeRun) -> list[str]:
    """Return what the engine still has of this practice's worker."""
    if shutil.which("podman") is None:
        return []
    node = load_identity(practice.home / "worker" / "node.key").public_key
    names = subprocess.run(
        ["podman", "ps", "-a", "--format", "{{.Names}}"], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    return [name for name in names.split() if name.startswith(f"gridle-{node[:WORKER_ID_CHARS]}")]
