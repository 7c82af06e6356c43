"""Every adapter of the sandbox port, each with the same task program made ready for it."""

from __future__ import annotations

import hashlib
import platform
import queue
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from gridle.market.protocol.manifest import (
    CheckpointRule,
    ContainerRuntime,
    MiB,
    Resources,
    Runtime,
    WasmRuntime,
)
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.checkpoint_state import SavedState, place_state
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.cores import cores_of
from gridle.worker.sandbox.engine import Engine, find_engine
from gridle.worker.sandbox.port import Outcome, RunningTask, Sandbox, Share, TaskSpec
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.fakes.sandbox import FakeSandbox
from tests.rigs import sandbox_program

END_TIMEOUT_S = 90.0  # a busy machine has little left for tasks


@dataclass(frozen=True)
class Started:
    """A task under test, with what came to its `on_end`."""

    task: RunningTask
    outcomes: queue.Queue[Outcome]
    folder: Path

    def outcome(self) -> Outcome:
        return self.outcomes.get(timeout=END_TIMEOUT_S)

    @property
    def out(self) -> Path:
        return self.folder / "out"


@dataclass
class Rig:
    """A sandbox that is ready to run the contract's program."""

    sandbox: Sandbox
    runtime: Runtime
    folder: Path

    def start(
        self,
        *arguments: str,
        cpu_percent: float = 100.0,
        core_ids: tuple[int, ...] = (),
        gpu_percent: float = 100.0,
        gpus: tuple[str, ...] = (),
        resources: Resources | None = None,
        checkpoint: CheckpointRule | None = None,
        state: SavedState | None = None,
    ) -> Started:
        name = f"t{secrets.token_hex(4)}"
        folder = self.folder / name
        (folder / "in").mkdir(parents=True)
        (folder / "out").mkdir()
        (folder / "in" / "data.txt").write_text("forty-two")
        needs = resources or Resources(reference_s=1.0)
        outcomes: queue.Queue[Outcome] = queue.Queue()
        assert checkpoint is None or place_state(state, folder)
        spec = TaskSpec(name, self.runtime, arguments, needs, folder, gpus, checkpoint)
        share = Share(cpu_percent, core_ids, gpu_percent)
        task = self.sandbox.start(spec, share, outcomes.put)
        return Started(task, outcomes, folder)

    def cores(self, started: Started) -> set[frozenset[int]]:
        """Return the sets of cores on which the threads of the one running task may be."""
        if isinstance(self.sandbox, FakeSandbox):
            return self.sandbox.cores()
        statuses = [(thread / "status").read_text("ascii") for thread in self._threads(started)]
        return {cores_of(each.split("Cpus_allowed_list:")[1].split()[0]) for each in statuses}

    def running_s(self, started: Started) -> float:
        """Return for how long the busiest thread of the one task ran, or waited for a CPU."""
        if isinstance(self.sandbox, FakeSandbox):
            return started.task.usage().cpu_s
        spans = [(thread / "schedstat").read_text("ascii") for thread in self._threads(started)]
        return max(sum(int(ns) for ns in each.split()[:2]) for each in spans) / 1e9

    @staticmethod
    def _threads(started: Started) -> list[Path]:
        pid_file = started.folder / "container.pid"
        if pid_file.exists():
            pids = [int(pid_file.read_text())]
        else:
            children = psutil.Process().children()
            pids = [each.pid for each in children if "wasm_host" in " ".join(each.cmdline())]
        return [thread for pid in pids for thread in Path(f"/proc/{pid}/task").iterdir()]


@pytest.fixture(scope="session")
def engine() -> Engine:
    found = find_engine()
    if isinstance(found, Sentence):
        pytest.skip(found.en)
    return found


@pytest.fixture(scope="session")
def image_id(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = sandbox_program.build(f"{platform.machine()}-linux-musl")
    tar = sandbox_program.image_tar(program, tmp_path_factory.mktemp("image") / "root.tar")
    command = [*base_argv(engine), "import", str(tar)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    image = done.stdout.strip().removeprefix("sha256:")
    yield image
    subprocess.run([*base_argv(engine), "rmi", "--force", image], check=True, capture_output=True)


@pytest.fixture(scope="session")
def module_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("modules")


class WasmRigMaker(Protocol):
    """Makes a rig for one of the two ways of throttling."""

    def __call__(self, *, use_cgroup: bool) -> Rig: ...


@pytest.fixture
def wasm_rig(tmp_path: Path, module_cache: Path) -> WasmRigMaker:
    def make(*, use_cgroup: bool) -> Rig:
        module = sandbox_program.build(sandbox_program.WASM_TARGET)
        runtime = WasmRuntime(hashlib.sha256(module.read_bytes()).hexdigest())
        worker_id = f"test-{secrets.token_hex(4)}"
        sandbox = WasmSandbox(module_cache, worker_id, use_cgroup=use_cgroup)
        sandbox.prepare(runtime, lambda _: module)
        return Rig(sandbox, runtime, tmp_path)

    return make


@pytest.fixture(
    params=[
        "wasm-quota",
        "wasm-duty-cycle",
        pytest.param("container", marks=pytest.mark.engine),
        "fake",
    ]
)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "container":
        image = request.getfixturevalue("image_id")
        profile = resources_folder() / "seccomp" / "task.json"
        sandbox = ContainerSandbox(f"test-{secrets.token_hex(4)}", profile)
        runtime = ContainerRuntime(image_sha256=image, command=("/task",))
        made = Rig(sandbox, runtime, tmp_path)
    elif request.param == "fake":
        made = Rig(FakeSandbox(), WasmRuntime("0" * 64), tmp_path)
    else:
        made = request.getfixturevalue("wasm_rig")(use_cgroup=request.param == "wasm-quota")
    made.sandbox.prepare(made.runtime, _no_blob)
    yield made
    made.sandbox.close()
    assert made.sandbox.sweep() == 0


def _no_blob(runtime: Runtime) -> Path:
    raise AssertionError(runtime)


SMALL = Resources(
    reference_s=1.0, memory_bytes=64 * MiB, output_max_bytes=2 * MiB, output_max_files=4
)
