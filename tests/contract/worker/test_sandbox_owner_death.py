"""A worker that is killed without a word leaves no task behind, paused or not."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from gridle.market.protocol.manifest import ContainerRuntime
from gridle.worker.sandbox.container_argv import list_argv
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.contract.worker.conftest import ContainerKind, WasmRigMaker
from tests.rigs import container_engines, sandbox_owner, sandbox_program

pytestmark = pytest.mark.timeout(300)
_DEADLINE_S = 60.0


def start_owner(order: dict[str, object]) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(sandbox_owner.__file__)), json.dumps(order)]
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "started\n"
    return owner


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.wait()
    assert owner.stdout is not None
    owner.stdout.close()


def folder_of_task(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / "task" / name).mkdir(parents=True)
    return tmp_path / "task"


@pytest.mark.parametrize("paused", [False, True])
def test_no_wasm_process_stays(
    wasm_rig: WasmRigMaker, module_cache: Path, tmp_path: Path, *, paused: bool
) -> None:
    rig = wasm_rig(use_cgroup=True)
    worker_id = f"dead-{secrets.token_hex(4)}"
    order = {
        "folder": str(folder_of_task(tmp_path)),
        "runtime": msgspec.to_builtins(rig.runtime),
        "modules": str(module_cache),
        "module": str(sandbox_program.build(sandbox_program.WASM_TARGET)),
        "worker_id": worker_id,
        "paused": paused,
    }
    owner = start_owner(order)
    hosts = [child for child in psutil.Process(owner.pid).children() if child.is_running()]
    assert any("wasm_host" in " ".join(host.cmdline()) for host in hosts)
    kill(owner)
    _, alive = psutil.wait_procs(hosts, timeout=_DEADLINE_S)
    assert alive == []
    WasmSandbox(module_cache, worker_id).sweep()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/gridle-wasm-{worker_id}-*"))


@pytest.mark.engine
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("word", container_engines.KINDS)
def test_no_container_stays(
    container_kind: Callable[[str], ContainerKind], word: str, tmp_path: Path, *, paused: bool
) -> None:
    kind = container_kind(word)
    worker_id = f"dead-{secrets.token_hex(4)}"
    runtime = ContainerRuntime(image_sha256=kind.image_sha256, command=("/task",))
    order = {
        "folder": str(folder_of_task(tmp_path)),
        "runtime": msgspec.to_builtins(runtime),
        "worker_id": worker_id,
        "engine": word,
        "paused": paused,
    }
    owner = start_owner(order)
    kill(owner)
    deadline_s = time.monotonic() + _DEADLINE_S
    command = list_argv(kind.engine, worker_id)
    while subprocess.run(command, capture_output=True, check=True, timeout=60).stdout:
        assert time.monotonic() < deadline_s, "the container is still there"
        time.sleep(0.1)
