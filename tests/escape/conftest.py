"""Every fence with the hostile program, a neighbour in each, and a host that is watched."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import ContainerRuntime, Runtime, WasmRuntime
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.wasm import WasmSandbox
from tests.escape import hostile, verdicts
from tests.escape.case import GVISOR, RUNC, WASM, Case, stopped
from tests.escape.fence import Fence, Neighbour
from tests.escape.host_watch import HostWatch
from tests.escape.leftovers import leftovers

PROFILE = resources_folder() / "seccomp" / "task.json"
WORKER_ID = f"escape-{secrets.token_hex(4)}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.escape)
            item.add_marker(pytest.mark.timeout(300))  # the first run builds a C library


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("escape")


@pytest.fixture(scope="session")
def host(base: Path) -> Iterator[HostWatch]:
    watch = HostWatch(base)
    yield watch
    watch.end()


@pytest.fixture(scope="session")
def engine() -> Engine:
    found = find_engine()
    if isinstance(found, Sentence):
        pytest.skip(found.en)
    return found


class Fences:
    """Made when they are first asked for; each has a neighbour while a module's attacks run."""

    def __init__(self, base: Path, request: pytest.FixtureRequest) -> None:
        self._base = base
        self._request = request
        self._made: dict[str, Fence] = {}
        self._neighbours: dict[str, Neighbour] = {}
        self._image = ""
        self._engine: Engine | None = None

    def get(self, name: str) -> tuple[Fence, Neighbour]:
        if name not in self._made:
            self._made[name] = self._make(name)
        if name not in self._neighbours:
            self._neighbours[name] = Neighbour(self._made[name])
        return self._made[name], self._neighbours[name]

    def end_neighbours(self) -> None:
        """They would otherwise compute beside the tests of other rooms, and be taken for theirs."""
        for neighbour in self._neighbours.values():
            neighbour.end()
        self._neighbours.clear()

    def close(self) -> None:
        for fence in self._made.values():
            fence.sandbox.close()
            assert fence.sandbox.sweep() == 0
        if self._image:
            self._podman("rmi", "--force", self._image)

    def image(self) -> str:
        """Return the id of the image with the program."""
        if not self._image:
            self._engine = self._request.getfixturevalue("engine")
            program = hostile.build(hostile.NATIVE_TARGET)
            tar = hostile.image_tar(program, self._base / "root.tar")
            self._image = self._podman("import", str(tar)).removeprefix("sha256:")
        return self._image

    def _podman(self, *words: str) -> str:
        assert self._engine is not None
        command = [*base_argv(self._engine), *words]
        done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
        return done.stdout.strip()

    def _make(self, name: str) -> Fence:
        folder = self._base / name
        folder.mkdir(exist_ok=True)
        if name == WASM:
            module = hostile.build(hostile.WASM_TARGET)
            runtime: Runtime = WasmRuntime(hashlib.sha256(module.read_bytes()).hexdigest())
            wasm = WasmSandbox(self._base / "modules", WORKER_ID)
            wasm.prepare(runtime, lambda _: module)
            return Fence(name, wasm, runtime, folder)
        engine = self._request.getfixturevalue("engine")
        if name == GVISOR and engine.gvisor is None:
            pytest.skip(engine.gvisor_said.en)
        sandbox = ContainerSandbox(f"{WORKER_ID}-{name}", PROFILE, find=lambda: engine)
        runtime = ContainerRuntime(image_sha256=self.image(), command=("/hostile",))
        sandbox.prepare(runtime, lambda _: folder)
        return Fence(name, sandbox, runtime, folder)


@pytest.fixture(scope="session")
def fences(base: Path, host: HostWatch, request: pytest.FixtureRequest) -> Iterator[Fences]:
    made = Fences(base, request)
    yield made
    made.close()
    assert leftovers(WORKER_ID, str(base), host.canary.pid) == []


@pytest.fixture(scope="module", autouse=True)
def neighbours(fences: Fences) -> Iterator[None]:
    """End them with each module: modules run in any order, among those of other rooms."""
    yield
    fences.end_neighbours()


@pytest.fixture(scope="session")
def image_id(fences: Fences, engine: Engine) -> str:
    del engine  # skips where there is none
    return fences.image()


class Attacker:
    """Runs a case in one fence, and sees that nothing else was harmed by it."""

    def __init__(self, fence: Fence, neighbour: Neighbour, host: HostWatch) -> None:
        self.fence = fence
        self.neighbour = neighbour
        self.host = host

    def attack(self, case: Case) -> None:
        started = self.fence.start(*case.arguments, resources=case.resources)
        outcome = stopped(case, started)
        verdicts.note(case.name, self.fence.name, outcome)
        self.host.check(log=outcome.log_tail, out=started.out)
        assert self.neighbour.goes_on(), "the task beside it was harmed"


@pytest.fixture
def attacker(request: pytest.FixtureRequest, fences: Fences, host: HostWatch) -> Attacker:
    """Of the fence that the test is parametrised with."""
    fence, neighbour = fences.get(request.param)
    return Attacker(fence, neighbour, host)


MARKS = {RUNC: [pytest.mark.engine], GVISOR: [pytest.mark.engine], WASM: []}


def rows(cases: list[Case]) -> pytest.MarkDecorator:
    """Parametrise a test with every case in every fence that it is made for."""
    return pytest.mark.parametrize(
        ("case", "attacker"),
        [
            pytest.param(case, name, id=f"{case.name}-{name}", marks=MARKS[name])
            for case in cases
            for name in case.fences
        ],
        indirect=["attacker"],
    )


def in_fences(*names: str) -> pytest.MarkDecorator:
    """Parametrise a test with fences."""
    return pytest.mark.parametrize(
        "attacker",
        [pytest.param(name, id=name, marks=MARKS[name]) for name in names],
        indirect=True,
    )
