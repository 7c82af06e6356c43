"""One running task, whatever its fence: limits watched, pauses counted, its end told once."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass
from typing import Protocol

from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.manifest import CheckpointRule
from gridle.market.protocol.messages import TaskUsage
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import explanations
from gridle.worker.sandbox.brake import Brake
from gridle.worker.sandbox.checkpoint import SaveRequests, checkpoint_fault
from gridle.worker.sandbox.nameless_files import NamelessFiles
from gridle.worker.sandbox.output import ended_at_limit, output_fault
from gridle.worker.sandbox.own_time import OwnTime
from gridle.worker.sandbox.port import Ending, OnEnd, Outcome, Share, TaskSpec
from gridle.worker.sandbox.stopwatch import Stopwatch

WATCH_S = 0.25
"""How often usage is read and limits are checked; the last figure is at most this old. Every look
takes from the owner about a third of a millisecond."""

_DISK_SPARE_BYTES = 2**20
"""With less than this left, a failed task is blamed on the disk, not on its program."""


@dataclass(frozen=True)
class Exit:
    """How a fenced process ended by itself. `fault` says what it did wrong, if anything."""

    ending: Ending
    fault: Sentence | None = None
    log_tail: str = ""


class FencedProcess(Protocol):
    """The few things that a supervisor needs of a process in its fence."""

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`."""

    def freeze(self) -> None:
        """Stop all use of CPU before returning."""

    def thaw(self) -> None:
        """Let it go on."""

    def kill(self) -> None:
        """End it at once, frozen or not."""

    def nudge(self) -> None:
        """Point it to a request to save, where its fence has a way; it may not listen."""

    def wait(self, timeout_s: float) -> Exit | None:
        """Return how it ended, or None where it still runs after `timeout_s`."""

    def cpu_s(self) -> float | None:
        """CPU seconds used so far, or None where they cannot be read now."""

    def wants_cpu(self) -> bool:
        """Whether it could compute now if it were given a CPU; False where that cannot be seen."""

    def peak_memory_bytes(self) -> int | None:
        """The most memory held so far, or None where it cannot be read now."""

    def process_ids(self) -> list[int]:
        """Every process in the fence, as far as they can be seen."""

    def release(self) -> None:
        """Give back whatever the fence still holds; the process has ended."""


class SupervisedTask:
    """A `RunningTask` around a fenced process."""

    def __init__(self, spec: TaskSpec, process: FencedProcess, on_end: OnEnd) -> None:
        self._spec = spec
        self._process = process
        self._brake = Brake(spec.name, process.freeze, process.thaw)
        self._on_end = on_end
        self._nameless = NamelessFiles(spec.folder, process.process_ids)
        self._lock = threading.Lock()
        self._stopwatch = Stopwatch().go(time.monotonic())
        self._own_time = OwnTime()
        self._paused = False
        self._cut_short: Outcome | None = None
        self._usage = TaskUsage(cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0)
        self._counted_up_to = self._usage
        self._ended = threading.Event()
        self._saves = self._save_requests(spec.checkpoint) if spec.checkpoint else None
        self._thread = threading.Thread(target=self._watch, name=f"task-{spec.name}", daemon=True)

    @property
    def name(self) -> str:
        """As its `TaskSpec` says."""
        return self._spec.name

    def begin(self, share: Share) -> None:
        """Begin to watch a process that was started under `share`; `on_end` can come from now."""
        self._share_gpus(share)
        self._thread.start()

    def apply(self, share: Share) -> None:
        """Throttle to `share` from now on, paused or not."""
        with self._lock:
            if not self._ended.is_set():
                self._process.throttle(share)
                self._share_gpus(share)

    def pause(self) -> None:
        """Stop all use of CPU; memory is kept."""
        with self._lock:
            if self._paused or self._cut_short or self._ended.is_set():
                return
            try:
                self._brake.hold()
            except (GridleError, OSError) as error:  # then the promise is kept by ending it
                self._cut_short = _unpausable(error)
                self._kill()
            self._paused = True
            self._stopwatch = self._stopwatch.hold(time.monotonic())

    def resume(self) -> None:
        """Go on under the last applied share."""
        with self._lock:
            if not self._paused or self._cut_short or self._ended.is_set():
                return
            self._stopwatch = self._stopwatch.go(time.monotonic())
            self._paused = False
            self._brake.release()

    def stop(self) -> None:
        """End it now; `on_end` still comes, with STOPPED."""
        self.cut_short(Outcome(Ending.STOPPED, explanations.STOPPED))

    def cut_short(self, outcome: Outcome) -> None:
        """End it now with this outcome; the first reason given wins."""
        with self._lock:
            if self._cut_short or self._ended.is_set():
                return
            self._cut_short = outcome
            self._measure()
            self._kill()

    def save(self, grace_s: float) -> bool:
        """Tell it to save its state, and wait; whether a newer state is in place in time."""
        return self._saves is not None and self._saves.ask(grace_s)

    def usage(self) -> TaskUsage:
        """Return what it has used so far; the final figures once it has ended."""
        with self._lock:
            if not self._ended.is_set():
                self._measure()
            return self._usage

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until `on_end` has been called; returns whether it was."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _save_requests(self, rule: CheckpointRule) -> SaveRequests:
        nudge = self._process.nudge
        return SaveRequests(self._spec.folder, rule, nudge, self._ended, self._can_save)

    def _can_save(self) -> bool:
        with self._lock:
            return not (self._paused or self._cut_short or self._ended.is_set())

    def _watch(self) -> None:
        while (own_exit := self._process.wait(WATCH_S)) is None:
            with self._lock:
                paused = self._paused
                self._count_time()
            fault = None if paused else self._limit_reached()
            if fault is not None:
                self.cut_short(Outcome(Ending.FAILED, fault))
            elif self._brake.fault is not None:
                self.cut_short(_unpausable(self._brake.fault))
        self._brake.close()
        with self._lock:
            self._measure()
            self._stopwatch = self._stopwatch.hold(time.monotonic())
            self._ended.set()
        self._process.release()
        self._on_end(self._outcome(own_exit))

    def _share_gpus(self, share: Share) -> None:
        if self._spec.gpus:
            self._brake.share_gpus(share.gpu_percent)

    def _kill(self) -> None:
        self._brake.close()
        self._process.kill()

    def _measure(self) -> None:
        cpu_s, peak_bytes = self._process.cpu_s(), self._process.peak_memory_bytes()
        self._usage = TaskUsage(
            cpu_s=max(self._usage.cpu_s, cpu_s or 0.0),
            wall_s=self._stopwatch.elapsed_s(time.monotonic()),
            peak_memory_bytes=max(self._usage.peak_memory_bytes, peak_bytes or 0),
        )

    def _count_time(self) -> None:
        self._measure()
        passed_s = self._usage.wall_s - self._counted_up_to.wall_s
        used_s = self._usage.cpu_s - self._counted_up_to.cpu_s
        self._counted_up_to = self._usage
        wants_cpu = used_s < passed_s and self._process.wants_cpu()
        self._own_time = self._own_time.after(passed_s, used_s, wants_cpu=wants_cpu)

    def _limit_reached(self) -> Sentence | None:
        limit_s = self._spec.resources.wall_limit_s
        if self._own_time.counted_s > limit_s:
            return explanations.wall_limit(limit_s)
        rule = self._spec.checkpoint
        hidden_bytes = self._nameless.bytes_held()
        if rule is not None:  # a state that was replaced may still be open
            hidden_bytes = max(0, hidden_bytes - rule.max_bytes)
        fault = output_fault(self._spec.folder, self._spec.resources, hidden_bytes)
        if fault is None and rule is not None:
            return checkpoint_fault(self._spec.folder, rule)
        return fault

    def _outcome(self, own_exit: Exit) -> Outcome:
        if self._cut_short is not None:
            cut = self._cut_short
            return Outcome(cut.ending, cut.explanation, own_exit.log_tail)
        if own_exit.ending is Ending.FAILED and self._disk_is_full():
            return Outcome(Ending.BROKEN, explanations.DISK_FULL, own_exit.log_tail)
        look = {Ending.FINISHED: output_fault, Ending.FAILED: ended_at_limit}.get(own_exit.ending)
        fault = look(self._spec.folder, self._spec.resources) if look else None
        if fault is not None:
            return Outcome(Ending.FAILED, fault, own_exit.log_tail)
        return Outcome(own_exit.ending, own_exit.fault, own_exit.log_tail)

    def _disk_is_full(self) -> bool:
        return shutil.disk_usage(self._spec.folder).free < _DISK_SPARE_BYTES


def _unpausable(error: Exception) -> Outcome:
    said = error.sentence if isinstance(error, GridleError) else explanations.ENGINE_GONE
    return Outcome(Ending.BROKEN, said)
