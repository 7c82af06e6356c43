"""The container fence: Podman or Docker, whichever works, under our own flags."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import (
    ContainerRuntime,
    Isolation,
    Runtime,
    RuntimeKind,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import container_argv as argv
from gridle.worker.sandbox.checkpoint import CHECKPOINT_NAME
from gridle.worker.sandbox.container_availability import container_availability
from gridle.worker.sandbox.container_fence import Launch
from gridle.worker.sandbox.container_process import ContainerProcess
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.engine import Ask, Engine, ask_program
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sandbox.image_instructions import instructions, refused
from gridle.worker.sandbox.output import INPUT_NAME, OUTPUT_NAME
from gridle.worker.sandbox.own_tasks import CONTAINER_ID_NAME
from gridle.worker.sandbox.port import Availability, OnEnd, Outcome, Share, TaskSpec
from gridle.worker.sandbox.supervisor import SupervisedTask

_LOAD_TIMEOUT_S = 900.0
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
        isolation: Callable[[], Isolation] = lambda: "any",
    ) -> None:
        """Make one whose tasks run at least under the owner's `isolation`, asked at each start."""
        self._worker_id = worker_id
        self._seccomp_profile = seccomp_profile
        self._find = find
        self._ask = ask
        self._isolation = isolation
        self._found: Engine | None = None
        self._live: set[SupervisedTask] = set()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def availability(self) -> Availability:
        """Look for a working engine (takes up to seconds)."""
        found = self._find()
        self._found = None if isinstance(found, Sentence) else found
        return container_availability(found, self._isolation())

    def prepare(self, runtime: Runtime, fetch: Callable[[Runtime], Path]) -> None:
        """Have the image in the engine's store, loading its archive where it lacks it.

        Raises:
            GridleError: it cannot be had, or its archive holds another image or names of images.
        """
        wanted = _container(runtime)
        with self._loading:
            if self._has_image(wanted.image_sha256):
                self._refuse_instructions(wanted.image_sha256)
                return
            if wanted.archive_sha256 is None and wanted.registry is None:
                raise _no_image()
            archive = fetch(runtime)
            check_image_archive(archive, wanted.image_sha256)
            reply = self._ask(argv.load_argv(self._engine(), archive), _LOAD_TIMEOUT_S)
            if reply.status != 0:
                raise UnavailableError(
                    f"The container engine could not load an image ({reply.last_words}); "
                    "check that its disk is not full.",
                    f"容器引擎无法载入镜像（{reply.last_words}）；请检查其磁盘是否已满。",
                )
            if not self._has_image(wanted.image_sha256):
                raise _wrong_image()
            self._refuse_instructions(wanted.image_sha256)

    def start(self, spec: TaskSpec, share: Share, on_end: OnEnd) -> SupervisedTask:
        """Start a prepared task under `share`.

        Raises:
            GridleError: it could not be started; nothing is left behind.
        """
        _container(spec.runtime)
        if self._isolation() == "gvisor":
            spec = replace(spec, isolation="gvisor")
        if any(mark in str(spec.folder) for mark in ":,"):
            raise UnavailableError(
                f"The folder {spec.folder} has a ':' or ',' in its name, which container engines "
                "cannot mount; move the worker's folder.",
                f"文件夹 {spec.folder} 的名称含有冒号或逗号，容器引擎无法挂载；请移动工作文件夹。",
            )
        _open_to_nobody(spec.folder)
        place = argv.Place(
            name=f"gridle-{self._worker_id}-{spec.name}",
            worker_id=self._worker_id,
            seccomp_profile=self._seccomp_profile,
            cid_file=spec.folder / CONTAINER_ID_NAME,
            pid_file=spec.folder / "container.pid",
            machine_cores=own_cores(),
        )
        process = ContainerProcess(Launch(self._engine(), self._ask, spec, place, share))
        task = SupervisedTask(spec, process, lambda outcome: self._ended(task, outcome, on_end))
        with self._lock:
            self._live.add(task)
        task.begin(share)
        return task

    def sweep(self) -> int:
        """Remove the containers that an earlier run of this worker left; return how many."""
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
        on_end(outcome)

    def _engine(self) -> Engine:
        if self._found is None:
            found = self._find()
            if isinstance(found, Sentence):
                raise UnavailableError(found.en, found.zh)
            self._found = found
        return self._found

    def _has_image(self, image_sha256: str) -> bool:
        reply = self._ask(argv.image_id_argv(self._engine(), image_sha256), _COMMAND_TIMEOUT_S)
        return reply.status == 0 and reply.stdout.strip().removeprefix("sha256:") == image_sha256

    def _refuse_instructions(self, image_sha256: str) -> None:
        engine = self._engine()
        if not engine.is_podman:  # Docker passes none on
            return
        reply = self._ask(argv.image_annotations_argv(engine, image_sha256), _COMMAND_TIMEOUT_S)
        found = instructions(reply.stdout.strip()) if reply.status == 0 else ["?"]
        if found:
            raise refused(found)


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


def _no_image() -> GridleError:
    return UnavailableError(
        "This task's container image is not on this machine and its job brings no archive of it; "
        "other work is taken instead.",
        "本机没有此任务的容器镜像，且其作业未附带镜像归档；将改接其他工作。",
    )


def _wrong_image() -> GridleError:
    return InvalidInputError(
        "The image archive of this job holds another image than its manifest names; "
        "its requestor must correct it.",
        "此作业的镜像归档与清单所列镜像不符；需由发布者修正。",
    )
