"""A sealed job from a requestor's folder through market and worker and back, all real programs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridle.market.client.profile import Profile
from gridle.market.practice.chain_faucet import fund
from tests.integration.market.client.market_stack import PAYEE, Stack, running_stack
from tests.rigs import sandbox_program

SECRET = b"patient 4711: " + hashlib.sha256(b"for few to read").hexdigest()[:32].encode()
DEADLINE_S = 100.0


def gridle(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gridle", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=os.environ | {"GRIDLE_LANG": "en"},
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@contextmanager
def working(home: Path, market_url: str) -> Iterator[None]:
    """Run a worker until left; it works on however busy this machine is."""
    gridle("worker", "limits", "--home", home, "--set", "foreign_cpu_max_percent=100")
    command = [sys.executable, "-m", "gridle", "worker", "run", "--home", str(home), "--start"]
    with (home.parent / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--market", market_url, "--payout", PAYEE],
            stdout=subprocess.PIPE,
            stderr=log,
            env={key: value for key, value in os.environ.items() if key != "DISPLAY"},
        )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def write_job(folder: Path) -> Path:
    module = sandbox_program.build(sandbox_program.WASM_TARGET).read_bytes()
    folder.mkdir()
    (folder / "task.wasm").write_bytes(module)
    (folder / "patients.txt").write_bytes(SECRET)
    path = folder / "manifest.toml"
    path.write_text(
        f"""
job = {{ name = "sealed", title = "Sealed", summary = "Copies its input." }}
resources = {{ reference_s = 1 }}
pay = {{ price_units = 1000, deadline_s = 3600 }}
tasks = {{ arguments = [["copy"], ["copy"]] }}
data = {{ class = "sealed" }}

[runtime]
kind = "wasm"
module = "task.wasm"
sha256 = "{hashlib.sha256(module).hexdigest()}"

[[inputs]]
name = "data.txt"
path = "patients.txt"
"""
    )
    return path


@pytest.mark.timeout(300)
def test_only_requestor_and_worker_read_it_and_the_doctor_proves_it_gone(tmp_path: Path) -> None:
    stack: Stack
    market_home, me, worker = tmp_path / "stack", tmp_path / "me", tmp_path / "worker"
    with running_stack(market_home) as stack, working(worker, stack.market_url):
        wallet = Profile(me).wallet(is_play_money=True, ask_password=lambda _: "")
        fund(stack.rpc_url, stack.chain_home, wallet.address, token_units=1_000_000)
        common = ("--market", stack.market_url, "--profile", me)
        manifest = write_job(tmp_path / "job")
        job_id = json.loads(gridle("job", "submit", manifest, "--json", *common))["job_id"]
        assert "2/2 accepted" in gridle("job", "watch", job_id, *common)
        gridle("job", "results", job_id, tmp_path / "results", *common)
    for index in ("0", "1"):
        assert (tmp_path / "results" / index / "copy.txt").read_bytes() == SECRET
    searched = 0
    for path in (*market_home.rglob("*"), *worker.rglob("*"), tmp_path / "worker.log"):
        if path.is_file():
            searched += 1
            assert SECRET not in path.read_bytes(), path
    assert searched > 10
    # Other findings depend on the machine, so that the status says nothing here.
    said = subprocess.run(
        [sys.executable, "-m", "gridle", "worker", "doctor", "--json", "--home", str(worker)],
        capture_output=True,
        timeout=DEADLINE_S,
        env=os.environ | {"GRIDLE_LANG": "en"},
        check=False,
    )
    (traces,) = (each for each in json.loads(said.stdout) if each["name"] == "traces")
    assert traces["works"], traces
    assert "Nothing is left of ended tasks" in traces["sentence"]
    assert "Removed 0 files" in gridle("worker", "wipe", "--home", worker)
    assert "as well" in gridle("worker", "wipe", "--caches", "--home", worker)
    assert not (worker / "blobs").exists()
