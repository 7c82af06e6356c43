"""Every adapter of the sandbox port, each with the same task program made ready for it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
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
from gridle.worker.sandbox.checkpoint_state import SavedState, place_state
from gridle.worker.sandbox.cores import cores_of
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.own_tasks import CONTAINER_ID_NAME
from gridle.worker.sandbox.port import Outcome, RunningTask, Sandbox, Share, TaskSpec
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.fakes.sandbox import FakeSandbox
from tests.rigs import cdi_card, container_engines, docker_engine, sandbox_program

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
    word: str = ""
    """Which of the container engines and runtimes it is."""

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

    def process_ids(self, started: Started) -> list[int]:
        """Return the processes of a container task that can be seen from here."""
        return _pids_in((started.folder / CONTAINER_ID_NAME).read_text().strip())

    def hands_over_cards(self) -> bool:
        """Whether a task can be given a card; a container fence refuses what it cannot fence."""
        return self.sandbox.kind != "container" or self.sandbox.availability().gpus

    @staticmethod
    def _threads(started: Started) -> list[Path]:
        id_file = started.folder / CONTAINER_ID_NAME
        if id_file.exists():
            pids = _pids_in(id_file.read_text().strip())
        else:
            children = psutil.Process().children()
            pids = [each.pid for each in children if "wasm_host" in " ".join(each.cmdline())]
        return [thread for pid in pids for thread in Path(f"/proc/{pid}/task").iterdir()]


def _pids_in(container_id: str) -> list[int]:
    """Return the processes whose control group is named after a container."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):  # it ended meanwhile
            if container_id in Path(f"/proc/{pid}/cgroup").read_text("ascii"):
                found.append(pid)
    return found


@pytest.fixture(scope="session")
def engine() -> Engine:
    found = find_engine()
    if isinstance(found, Sentence):
        pytest.skip(found.en)
    return found


@pytest.fixture(scope="session")
def docker_address() -> Iterator[str | None]:
    """Yield where a Docker daemon listens: one of our own if we may, else the machine's (None)."""
    if not docker_engine.can_start():
        yield None
        return
    with docker_engine.docker_engine() as address:
        yield address


@dataclass(frozen=True)
class ContainerKind:
    """An engine that works, with the contract's program among its images."""

    word: str
    engine: Engine
    image_sha256: str


Images = dict[str, tuple[str, Callable[[], None]]]
"""By an engine's program: the digest of the contract's image in its store, and what removes it."""


@pytest.fixture(scope="session")
def images(docker_address: str | None) -> Iterator[Images]:
    del docker_address  # listens until the images are removed
    made: Images = {}
    with cdi_card.cdi_card():  # before any engine is looked at
        yield made
    for _, forget in made.values():
        forget()


@pytest.fixture
def container_kind(
    images: Images, docker_address: str | None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], ContainerKind]:
    """Return what makes an engine ready, by its word; it skips where the engine is not here."""

    def ready(word: str) -> ContainerKind:
        if word.startswith("docker") and docker_address:
            monkeypatch.setenv("DOCKER_HOST", docker_address)
        found = container_engines.find(word)
        if isinstance(found, Sentence):
            pytest.skip(found.en)
        if found.program not in images:
            made, environment = container_engines.import_program(found), dict(os.environ)
            forget = partial(container_engines.forget_image, found, made, environment)
            images[found.program] = made, forget
        return ContainerKind(word, found, images[found.program][0])

    return ready


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


def container_rig(kind: ContainerKind, folder: Path) -> Rig:
    sandbox = container_engines.make_sandbox(kind.word, f"test-{secrets.token_hex(4)}")
    runtime = ContainerRuntime(image_sha256=kind.image_sha256, command=("/task",))
    return Rig(sandbox, runtime, folder, kind.word)


@pytest.fixture(
    params=[
        "wasm-quota",
        "wasm-duty-cycle",
        *(pytest.param(word, marks=pytest.mark.engine) for word in container_engines.KINDS),
        "fake",
    ]
)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param in container_engines.KINDS:
        made = container_rig(request.getfixturevalue("container_kind")(request.param), tmp_path)
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
