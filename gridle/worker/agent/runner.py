"""Acts on sandboxes with hands of its own, and puts what came of it into the agent's queue."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent import sentences
from gridle.worker.agent.events import (
    Adjusted,
    Collected,
    Ended,
    Event,
    Fetched,
    Fetching,
    RuntimesLookedAt,
    Setting,
    Started,
)
from gridle.worker.agent.hands import Hands
from gridle.worker.agent.roster import LiveTask
from gridle.worker.agent.state_runner import STATE_SUFFIX, Folders
from gridle.worker.agent.task_data import TaskData, is_sealed
from gridle.worker.images.supply import ImageSupply, blobs_of
from gridle.worker.ipc.messages import RuntimeView
from gridle.worker.ledger.checkpoints import Checkpoint
from gridle.worker.sandbox.checkpoint_store import CheckpointStore, Found
from gridle.worker.sandbox.output import INPUT_NAME, OUTPUT_NAME, collect_output, wipe
from gridle.worker.sandbox.port import Outcome, RunningTask, Sandbox, Share, TaskSpec
from gridle.worker.sources.port import NoKeysError, Source
from gridle.worker.sources.progress import Progress

_QUICK_HANDS = 8
"""Tasks that can be paused at the same moment."""
_SLOW_HANDS = 3
_FOLDER_MODE = 0o755
_LEAST_WALL_S = 1.0


class Runner:
    """Every action on a task that may take time. Returns at once; the answer is an event."""

    def __init__(
        self,
        sandboxes: Mapping[RuntimeKind, Sandbox],
        source: Source,
        folders: Folders,
        store: CheckpointStore,
        supply: ImageSupply,
        data: TaskData,
        put: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._supply = supply
        self._data = data
        self._sandboxes = sandboxes
        self._source = source
        self._folders = folders
        self._put = put
        self._quick = Hands("quick", _QUICK_HANDS)
        self._slow = Hands("slow", _SLOW_HANDS)
        # a fetch may wait for hours where the owner's limits hold transfers up
        self._fetching = Hands("fetch", _SLOW_HANDS)
        # and one of sealed data for minutes, until its requestor sends the keys
        self._opening = Hands("open", _SLOW_HANDS)

    def look_at_runtimes(self) -> None:
        """Ask each sandbox whether it works."""

        def look() -> None:
            views = []
            for kind, sandbox in self._sandboxes.items():
                found = sandbox.availability()
                views.append(
                    RuntimeView(
                        kind,
                        found.works,
                        found.explanation,
                        gvisor=found.gvisor,
                        network=found.network,
                        gpus=found.gpus,
                    )
                )
            self._put(RuntimesLookedAt(tuple(views)))

        self._slow.do(look)

    def fetch(self, task: LiveTask) -> None:
        """Bring a task's inputs and its runtime here."""
        lease_id, manifest = task.lease_id, task.manifest
        folder = self._folder(lease_id)
        sandbox = self._sandboxes[manifest.runtime_kind]
        needs_none = bool(task.checkpoints) or task.distrusts_lease
        given = None if needs_none else task.lease.checkpoint
        adopted: list[Checkpoint] = []

        def tell(progress: Progress) -> None:
            self._put(Fetching(lease_id, progress.percent))

        def fetch() -> None:
            wipe(folder)
            for name in (INPUT_NAME, OUTPUT_NAME):
                (folder / name).mkdir(_FOLDER_MODE, parents=True)
            self._data.bring_inputs(task, folder, tell)
            if given is not None and manifest.checkpoint is not None:
                # without the state it begins anew, which is better than not at all
                with suppress(GridleError):
                    path = self._source.blob(given.sha256)
                    kept = self._data.adopted(task, self._store, path, given)
                    adopted.extend([kept] if kept else [])
            self._supply.prepare(sandbox, manifest.runtime, tell)

        def fetch_undisturbed() -> None:
            needed = {*blobs_of(manifest.runtime), *(each.sha256 for each in manifest.inputs)}
            with self._source.keep(needed):
                fetch()

        def report() -> None:
            try:
                fault, lacks_keys = _fault(fetch_undisturbed, but=NoKeysError), False
            except NoKeysError as error:
                fault, lacks_keys = error.sentence, True
            self._put(Fetched(lease_id, fault, adopted[0] if adopted else None, lacks_keys))

        (self._opening if is_sealed(task) else self._fetching).do(report)

    def start(self, task: LiveTask, share: Share) -> None:
        """Start a fetched task."""
        lease_id, sandbox = task.lease_id, self._sandboxes[task.manifest.runtime_kind]
        folder, known = self._folder(lease_id), task.checkpoints
        announced = threading.Event()

        def end(outcome: Outcome) -> None:
            announced.wait()  # a task can end before `start` has returned
            self._put(Ended(lease_id, outcome))

        def start() -> None:
            running: RunningTask | None = None
            found: Found | None = None

            def go() -> None:
                nonlocal running, found
                done_cpu_s = 0.0
                if task.manifest.checkpoint is not None:
                    _empty(folder / OUTPUT_NAME)  # of a start that was broken off
                    seal = self._data.state_seal(task)
                    found = self._store.place(lease_id, known, folder, seal)
                    done_cpu_s = found.checkpoint.done_cpu_s if found.checkpoint else 0.0
                running = sandbox.start(_spec(task, folder, done_cpu_s), share, end)

            error = _fault(go)
            self._put(Started(lease_id, running, error, found))
            announced.set()

        self._slow.do(start)

    def adjust(self, task: LiveTask, setting: Setting) -> None:
        """Pause, resume or throttle a running task."""
        lease_id, running, before = task.lease_id, task.running, task.applied
        if running is None:
            return

        def adjust() -> None:
            if setting.paused:
                running.pause()
                return
            running.apply(setting.share)
            if before is None or before.paused:
                running.resume()

        self._quick.do(lambda: self._put(Adjusted(lease_id, setting, _fault(adjust))))

    def stop(self, task: LiveTask) -> None:
        """Stop a running task; its end comes as an event."""
        running = task.running
        if running is not None:
            self._quick.do(lambda: _ignore(_fault(running.stop)))

    def collect(self, task: LiveTask) -> None:
        """Pack a finished task's output into the results folder."""
        lease_id, resources = task.lease_id, task.manifest.resources
        folder = self._folder(lease_id)

        def collect() -> None:
            try:
                output = self._data.closed(task, collect_output(folder, resources))
                self._folders.results.mkdir(parents=True, exist_ok=True)
                kept = output.path.replace(self._folders.results / f"{lease_id}.tar")
            except UnavailableError as error:
                self._put(Collected(lease_id, None, error.sentence, can_retry=True))
            except GridleError as error:
                self._put(Collected(lease_id, None, error.sentence))
            except OSError as error:
                sentence = sentences.machine_fault(f"{type(error).__name__}: {error}")
                self._put(Collected(lease_id, None, sentence, can_retry=True))
            else:
                packed = type(output)(kept, output.sha256, output.size_bytes)
                self._put(Collected(lease_id, packed, None))

        self._slow.do(collect)

    def wipe(self, lease_id: LeaseId) -> None:
        """Remove a task's folder, and forget its keys."""
        self._data.let_go(lease_id)
        self._slow.do(lambda: _ignore(_fault(lambda: wipe(self._folder(lease_id)))))

    def leave(self, task: LiveTask, others: Sequence[LiveTask]) -> None:
        """Remove what an ended task left: its folder, its keys, its sealed files."""
        self.wipe(task.lease_id)
        self._slow.do(lambda: _ignore(_fault(lambda: self._data.forget_blobs(task, others))))

    def remove_result(self, lease_id: LeaseId) -> None:
        """Remove what the market has of a task, or does not want."""
        for suffix in (".tar", STATE_SUFFIX):
            (self._folders.results / f"{lease_id}{suffix}").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what earlier runs left of tasks: processes, containers, folders."""
        for sandbox in self._sandboxes.values():
            _ignore(_fault(sandbox.sweep))
        _ignore(_fault(lambda: wipe(self._folders.tasks)))

    def close(self, timeout_s: float) -> None:
        """Stop every task in parallel; leave nothing running, and nothing of a requestor's."""
        closing = [
            threading.Thread(target=sandbox.close, daemon=True)
            for sandbox in self._sandboxes.values()
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(timeout_s)
        _ignore(_fault(lambda: wipe(self._folders.tasks)))
        self._quick.close(0.2)
        self._slow.close(0.2)
        self._fetching.close(0.2)
        self._opening.close(0.2)

    def _folder(self, lease_id: LeaseId) -> Path:
        return self._folders.tasks / lease_id


def _spec(task: LiveTask, folder: Path, done_cpu_s: float) -> TaskSpec:
    """Return what to run; work that is saved counts against the task's limit of time."""
    manifest = task.manifest
    needs = manifest.resources
    left_s = max(_LEAST_WALL_S, needs.wall_limit_s - done_cpu_s / needs.cores)
    return TaskSpec(
        # Never the name of an earlier start: what still cleans that up must not hit this one.
        name=f"{task.lease_id}-{secrets.token_hex(3)}",
        runtime=manifest.runtime,
        arguments=manifest.tasks[task.lease.task_index],
        resources=msgspec.structs.replace(needs, wall_limit_s=left_s),
        folder=folder,
        gpus=task.gpus,
        checkpoint=manifest.checkpoint,
        isolation=manifest.isolation,
        network_allow=manifest.network_allow,
    )


def _empty(folder: Path) -> None:
    wipe(folder)
    folder.mkdir(_FOLDER_MODE)


class _NoError(Exception):
    """Is never raised."""


def _fault(action: Callable[[], object], but: type[Exception] = _NoError) -> Sentence | None:
    """Do something, and say what went wrong; a `but` is raised on."""
    try:
        action()
    except but:
        raise
    except GridleError as error:
        return error.sentence
    except Exception as error:  # noqa: BLE001 - whatever a fence throws, its task must go on or end
        return sentences.machine_fault(f"{type(error).__name__}: {error}")
    return None


def _ignore(_error: Sentence | None) -> None:
    """What is stopped or wiped twice, or again at the next start, is no news."""
