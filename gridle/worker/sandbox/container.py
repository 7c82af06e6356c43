"""The container fence: Podman or Docker, whichever works, under our own flags."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime, Isolation, Runtime, RuntimeKind
from gridle.market.protocol.sentence import Sentence
from gridle.worker.images.store import ImageStore
from gridle.worker.policy.task_rules import GvisorUse
from gridle.worker.sandbox import container_argv as argv
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME
from gridle.worker.sandbox.container_availability import container_availability
from gridle.worker.sandbox.container_demands import check_demands, isolation_of
from gridle.worker.sandbox.container_fence import Launch
from gridle.worker.sandbox.container_process import ContainerProcess
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.engine import Ask, Engine, ask_program
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.net_doors import NetDoors, gives_network
from gridle.worker.sandbox.net_files import networked_profile, networked_settings
from gridle.worker.sandbox.output import INPUT_NAME, OUTPUT_NAME
from gridle.worker.sandbox.own_tasks import CONTAINER_ID_NAME
from gridle.worker.sandbox.port import Availability, OnEnd, Outcome, Share, TaskSpec
from gridle.worker.sandbox.stale_groups import remove_stale_groups
from gridle.worker.sandbox.supervisor import SupervisedTask

_COMMAND_TIMEOUT_S = 60.0
_CLOSE_TIMEOUT_S = 30.0


class ContainerSandbox:
    """Runs OCI images by digest."""

    kind: RuntimeKind = "container"

    def __init__(
        self,
        worker_id: str,
        seccomp_profile: Path,
        *,
        find: Callable[[], Engine | Sentence] = find_engine,
        ask: Ask = ask_program,
        doors: NetDoors | None = None,
        images: ImageStore | None = None,
        gvisor: Callable[[], GvisorUse] = lambda: "asked",
    ) -> None:
        """Make one whose owner says, asked at each start, which tasks run under `gvisor`."""
        self._worker_id = worker_id
        self._seccomp_profile = seccomp_profile
        self._find = find
        self._ask = ask
        self.doors = doors or NetDoors()
        """The ways out of its networked tasks: to limit them, and to count."""
        self._gvisor = gvisor
        self._found: Engine | None = None
        self._live: set[SupervisedTask] = set()
        self._lock = threading.Lock()
        self.images = images or ImageStore(ask, None)
        """The engine's images; those that it loaded for us are kept within a quota."""

    def availability(self) -> Availability:
        """Look for a working engine (takes up to seconds)."""
        found = self._find()
        self._found = None if isinstance(found, Sentence) else found
        least: Isolation = "gvisor" if self._gvisor() == "required" else "any"
        seen = container_availability(found, least)
        networks = isinstance(found, Engine) and gives_network(found) is None
        return replace(seen, network=networks and least == "any")

    def prepare(self, runtime: Runtime, fetch: Callable[[Runtime], Path]) -> None:
        """Have the image in the engine's store, loading its archive where it lacks it.

        Raises:
            GridleError: it cannot be had, or its archive holds another image or names of images.
        """
        self.images.prepare(self._engine(), _container(runtime), fetch)

    def start(self, spec: TaskSpec, share: Share, on_end: OnEnd) -> SupervisedTask:
        """Start a prepared task under `share`.

        Raises:
            GridleError: it could not be started; nothing is left behind.
        """
        engine = self._engine()
        spec = replace(spec, isolation=isolation_of(self._gvisor(), spec, engine))
        check_demands(engine, spec)
        self.images.check(engine, _container(spec.runtime).image_sha256)
        if any(mark in str(spec.folder) for mark in ":,"):
            raise UnavailableError(
                f"The folder {spec.folder} has a ':' or ',' in its name, which container engines "
                "cannot mount; move the worker's folder.",
                f"文件夹 {spec.folder} 的名称含有冒号或逗号，容器引擎无法挂载；请移动工作文件夹。",
            )
        _open_to_nobody(spec.folder)
        network = self.doors.open(spec, engine)
        try:
            place = self._place(spec, network)
            process = ContainerProcess(Launch(engine, self._ask, spec, place, share))
        except BaseException:
            self.doors.close(spec.name)
            raise
        task = SupervisedTask(spec, process, lambda outcome: self._ended(task, outcome, on_end))
        with self._lock:
            self._live.add(task)
        task.begin(share)
        return task

    def _place(self, spec: TaskSpec, network: str | None) -> argv.Place:
        profile, rootless = self._seccomp_profile, self._engine().rootless
        return argv.Place(
            name=f"gridle-{self._worker_id}-{spec.name}",
            worker_id=self._worker_id,
            seccomp_profile=networked_profile(profile, spec.folder) if network else profile,
            cid_file=spec.folder / CONTAINER_ID_NAME,
            pid_file=spec.folder / "container.pid",
            machine_cores=own_cores(),
            network=network,
            engine_settings=networked_settings(spec.folder) if network and rootless else None,
        )

    def sweep(self) -> int:
        """Remove the containers that an earlier run of this worker left; return how many.

        And the empty control groups that killed ones left, whosever they were.
        """
        remove_stale_groups(time.time())
        found = self._find()
        if isinstance(found, Sentence):
            return 0
        reply = self._ask(argv.list_argv(found, self._worker_id), _COMMAND_TIMEOUT_S)
        ids = reply.stdout.split() if reply.status == 0 else []
        if ids:
            self._ask(argv.remove_argv(found, *ids), _COMMAND_TIMEOUT_S)
        return len(ids)

    def close(self) -> None:
        """Stop every task and leave nothing running."""
        with self._lock:
            tasks = list(self._live)
        for task in tasks:
            task.stop()
        for task in tasks:
            task.wait_ended(_CLOSE_TIMEOUT_S)

    def _ended(self, task: SupervisedTask, outcome: Outcome, on_end: OnEnd) -> None:
        with self._lock:
            self._live.discard(task)
        self.doors.close(task.name)
        on_end(outcome)

    def _engine(self) -> Engine:
        if self._found is None:
            found = self._find()
            if isinstance(found, Sentence):
                raise UnavailableError(found.en, found.zh)
            self._found = found
        return self._found


def _container(runtime: Runtime) -> ContainerRuntime:
    if not isinstance(runtime, ContainerRuntime):
        raise InvalidInputError(
            "This task is a WebAssembly module, not a container; its requestor must correct it.",
            "此任务是 WebAssembly 模块而非容器；需由发布者修正。",
        )
    return runtime


def _open_to_nobody(folder: Path) -> None:
    """Let the container's user read `in/` and write `out/`; the folder above is the owner's."""
    (folder / OUTPUT_NAME).chmod(0o777)
    if (folder / CHECKPOINT_NAME).exists():
        (folder / CHECKPOINT_NAME).chmod(0o777)
    (folder / INPUT_NAME).chmod(0o755)
    for file in (folder / INPUT_NAME).iterdir():
        file.chmod(0o644)
