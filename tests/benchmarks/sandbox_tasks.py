"""Tasks started straight through the sandbox port, without a market around them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridle.market.practice.requestor_jobs import built_image
from gridle.market.protocol.manifest import (
    ContainerRuntime,
    Isolation,
    Resources,
    Runtime,
    RuntimeKind,
    WasmRuntime,
)
from gridle.market.protocol.sentence import Sentence
from gridle.resources_folder import resources_folder
from gridle.worker.sandbox.build import build_sandboxes
from gridle.worker.sandbox.container_argv import base_argv
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.port import Outcome, RunningTask, Sandbox, Share, TaskSpec
from tests.benchmarks.busy_jobs import PYTHON_JOB
from tests.rigs import sandbox_program

END_TIMEOUT_S = 60.0
_RESOURCES = Resources(reference_s=60.0, memory_bytes=128 * 2**20)


class Ended(threading.Event):
    """Set when a task has ended, with what came of it."""

    outcome: Outcome | None = None


class Bench:
    """Both real sandboxes over a folder of one's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._imported: list[list[str]] = []
        """The commands that remove what was imported."""
        made = build_sandboxes(folder / "sandboxes", "bench")
        self._sandboxes: dict[RuntimeKind, Sandbox] = {sandbox.kind: sandbox for sandbox in made}

    def works(self, kind: RuntimeKind) -> bool:
        """Tell whether tasks of this kind run here."""
        return self._sandboxes[kind].availability().works

    def prepare_wasm(self, module: Path) -> WasmRuntime:
        """Make a module ready."""
        digest = hashlib.sha256(module.read_bytes()).hexdigest()
        runtime = WasmRuntime(digest)
        self._sandboxes["wasm"].prepare(runtime, lambda _: module)
        return runtime

    def prepare_container(self, *command: str) -> ContainerRuntime | None:
        """Return a runtime on a practice job's image; None where it was not built."""
        recipe = resources_folder() / "practice-jobs" / PYTHON_JOB / "packages.txt"
        image = built_image(recipe)
        return ContainerRuntime(image, command) if image else None

    def import_program(self, program: Path) -> ContainerRuntime | None:
        """Return a runtime on an image of nothing but this program; None without an engine."""
        found = find_engine()
        if isinstance(found, Sentence):
            return None
        tar = sandbox_program.image_tar(program, self._folder.with_suffix(".tar"))
        command = [*base_argv(found), "import", str(tar)]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        image = done.stdout.strip().removeprefix("sha256:")
        self._imported.append([*base_argv(found), "rmi", "--force", image])
        return ContainerRuntime(image, ("/task",))

    def has_gvisor(self) -> bool:
        """Tell whether containers can run under gVisor here."""
        return self._sandboxes["container"].availability().gvisor

    @property
    def last_out(self) -> Path:
        """The output folder of the task that was started last."""
        return self._folder / f"task-{self._count}" / "out"

    def start(
        self,
        runtime: Runtime,
        share: Share,
        arguments: tuple[str, ...] = (),
        *,
        resources: Resources = _RESOURCES,
        isolation: Isolation = "any",
    ) -> tuple[RunningTask, Ended]:
        """Start a task; `Ended` is set when it has ended."""
        self._count += 1
        folder = self._folder / f"task-{self._count}"
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        ended = Ended()

        def on_end(outcome: Outcome) -> None:
            ended.outcome = outcome
            ended.set()

        kind: RuntimeKind = "wasm" if isinstance(runtime, WasmRuntime) else "container"
        name = f"bench-{self._count}"
        spec = TaskSpec(name, runtime, arguments, resources, folder, isolation=isolation)
        return self._sandboxes[kind].start(spec, share, on_end), ended

    def close(self) -> None:
        """Stop everything and remove the files."""
        for sandbox in self._sandboxes.values():
            sandbox.close()
        for command in self._imported:
            subprocess.run(command, check=True, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Give a bench that leaves nothing behind."""
    made = Bench(folder)
    try:
        yield made
    finally:
        made.close()
