"""The worker as a person starts it: a process with a home, signals and a parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.market_loopback import LoopbackMarket
from tests.fakes.market_stub import StubMarket
from tests.rigs.worker_jobs import PAYEE

ENDS_WITHIN_S = 5.0
DEADLINE_S = 30.0


def gridle(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gridle", "worker", *arguments, "--home", str(home)]
    environment = os.environ | {"GRIDLE_LANG": "en"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=DEADLINE_S, env=environment, check=False
    )


class Program:
    """A running `gridle worker run`."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gridle", "worker", "run", "--home", str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={key: value for key, value in os.environ.items() if key != "DISPLAY"},
        )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())

    def ended(self) -> tuple[int, float]:
        """Return the exit status, and how long it took to end."""
        began_at = time.monotonic()
        status = self.process.wait(DEADLINE_S)
        took_s = time.monotonic() - began_at
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return status, took_s


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "worker"


@pytest.fixture
def given() -> Iterator[tuple[str, ...]]:
    with LoopbackMarket(StubMarket()) as market:
        yield ("--market", market.url, "--payout", PAYEE)


def test_without_market_or_payout_it_says_which_options_and_names_the_practice(home: Path) -> None:
    done = gridle(home, "run")
    assert done.returncode != 0
    for word in ("--market", "--payout", "gridle practice"):
        assert word in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("--market", "nonsense", "--payout", PAYEE),
        ("--market", "http://127.0.0.1:9", "--payout", "0x12"),
        ("--market", "http://127.0.0.1:9", "--payout", PAYEE.swapcase().replace("0X", "0x")),
    ],
)
def test_a_malformed_market_or_payout_is_refused(home: Path, wrong: tuple[str, ...]) -> None:
    done = gridle(home, "run", *wrong)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_it_runs_once_is_spoken_to_and_ends_at_a_signal(home: Path, given: tuple[str, ...]) -> None:
    program = Program(home, *given, "--start")
    assert program.ready["pid"] == program.process.pid
    second = gridle(home, "run")
    assert second.returncode == 3
    assert "already running" in second.stderr
    state = json.loads(gridle(home, "status", "--json").stdout)
    assert state["activity"] != "stopped"
    assert state["payout_address"] == PAYEE
    assert gridle(home, "pause", "--for", "1h").returncode == 0
    assert "paused" in gridle(home, "status").stdout
    assert gridle(home, "resume").returncode == 0
    limits = gridle(home, "limits", "--set", "while_away.cpu_percent=37", "--json")
    assert json.loads(limits.stdout)["while_away"]["cpu_percent"] == 37
    program.process.send_signal(signal.SIGTERM)
    status, took_s = program.ended()
    assert status == 0
    assert took_s < ENDS_WITHIN_S
    assert not (home / "worker.sock").exists()
    assert gridle(home, "status").returncode == 3


def test_it_remembers_and_survives_a_kill(home: Path, given: tuple[str, ...]) -> None:
    program = Program(home, *given, "--start")
    program.process.kill()
    program.ended()
    again = Program(home)
    state = json.loads(gridle(home, "status", "--json").stdout)
    assert state["activity"] != "stopped"
    again.process.send_signal(signal.SIGINT)
    assert again.ended()[0] == 0


def test_it_ends_with_its_parent(home: Path, given: tuple[str, ...]) -> None:
    program = Program(home, *given, "--with-parent")
    assert program.process.stdin is not None
    program.process.stdin.close()
    status, took_s = program.ended()
    assert status == 0
    assert took_s < ENDS_WITHIN_S


def test_damaged_files_are_set_aside_and_said(home: Path, given: tuple[str, ...]) -> None:
    home.mkdir()
    for name in ("limits.json", "settings.json", "ledger.sqlite"):
        (home / name).write_bytes(b"damaged" * 100)
    program = Program(home, *given)
    state = json.loads(gridle(home, "status", "--json").stdout)
    assert len([each for each in state["warnings"] if "set aside" in each["en"]]) == 3
    assert len(list(home.glob("*.corrupt-*"))) == 3
    program.process.send_signal(signal.SIGTERM)
    assert program.ended()[0] == 0


def test_limits_are_kept_without_a_running_worker(home: Path) -> None:
    assert gridle(home, "limits", "--set", "idle_after_s=7").returncode == 0
    assert "idle_after_s=7" in gridle(home, "limits").stdout
    wrong = gridle(home, "limits", "--set", "idle_after_s=-1")
    assert wrong.returncode == 2


def test_the_doctor_says_what_to_do(home: Path) -> None:
    done = gridle(home, "doctor", "--json")
    findings = {each["name"]: each for each in json.loads(done.stdout)}
    assert findings["wasm"]["works"]
    assert findings["folder"]["works"]
    assert not findings["market"]["works"]
    assert done.returncode == 1


def test_a_damaged_token_is_made_anew(home: Path, given: tuple[str, ...]) -> None:
    home.mkdir()
    (home / "worker.token").write_bytes(b"\xff\x80")
    program = Program(home, *given)
    assert gridle(home, "status").returncode == 0
    (home / "worker.token").write_bytes(b"\xff\x80")
    refused = gridle(home, "status")
    assert refused.returncode == 4
    assert refused.stderr.count("\n") == 1
    program.process.terminate()
    assert program.ended()[0] == 0


def test_a_door_that_cannot_open_ends_the_worker_with_a_sentence(
    home: Path, given: tuple[str, ...]
) -> None:
    (home / "worker.sock").mkdir(parents=True)
    done = gridle(home, "run", *given)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
