"""Holds a running container to its share: through its control group, else through its engine.

Where the group's files cannot be written (an engine in a virtual machine, or not delegated), the
engine's own, slower commands do the same.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from gridle.worker.sandbox import container_argv as argv
from gridle.worker.sandbox.background import use_disks_last
from gridle.worker.sandbox.cgroup import Cgroup
from gridle.worker.sandbox.cores import keep_threads_to_cores, settle, usable_cores
from gridle.worker.sandbox.duty_cycle import Throttle
from gridle.worker.sandbox.engine import Ask, Engine
from gridle.worker.sandbox.port import Share, TaskSpec
from gridle.worker.sandbox.quota import quota_of

_COMMAND_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Launch:
    """Everything that one start needs."""

    engine: Engine
    ask: Ask
    spec: TaskSpec
    place: argv.Place
    share: Share


class ContainerFence:
    """Around one container that has started; `group` is its own, None where it cannot be seen."""

    def __init__(self, launch: Launch, group: Cgroup | None) -> None:
        self._launch = launch
        self._group = group
        self._throttle: Throttle | None = None
        given_at_start = launch.engine.has_cpuset_controller
        self._core_ids = launch.share.core_ids if given_at_start else None
        if group is None:
            return
        if group.cpu is None and group.freezer and group.cpuacct:
            self._throttle = Throttle(
                launch.place.name, self._halt, self._go, lambda: group.cpu_s() or 0.0
            )
        with contextlib.suppress(OSError):  # then the weight it was started with holds
            group.yield_to_others()
        settle(group.thread_ids, use_disks_last)

    def throttle(self, share: Share) -> None:
        """Hold CPU use to `share`; nothing to do for a container that has ended."""
        if share.core_ids != self._core_ids:
            self._keep_to_cores(share.core_ids)
            self._core_ids = share.core_ids
        if self._throttle:
            width = len(usable_cores(share.core_ids, self._launch.place.machine_cores))
            self._throttle.set_share(share.cpu_percent / 100, width)
            return
        if self._group and self._group.cpu:
            with contextlib.suppress(OSError):
                self._group.set_quota(quota_of(share.cpu_percent))
                return
        launch = self._launch
        self._ask(argv.update_cpus_argv(launch.engine, launch.place.name, share.cpu_percent / 100))

    def freeze(self) -> bool:
        """Stop all use of CPU before returning; whether that could be done."""
        if self._throttle:
            self._throttle.hold()
            return True
        return self._freeze_group() or self._say("pause")

    def thaw(self) -> None:
        """Let it go on."""
        if self._throttle:
            self._throttle.release()
        elif self._group and self._group.freezer:
            self._go()
        else:
            self._say("unpause")

    def let_die(self) -> None:
        """Start no turn any more and lift every hold: it is killed, or has ended."""
        if self._throttle:
            self._throttle.close()
        if self._group:
            self._group.let_die()

    def _keep_to_cores(self, core_ids: tuple[int, ...]) -> None:
        """By its group, else its engine; else thread by thread, which a task could undo."""
        launch, group = self._launch, self._group
        if group and group.cpuset:
            with contextlib.suppress(OSError):
                group.keep_to_cores(core_ids)
                return
        if launch.engine.has_cpuset_controller:
            self._ask(argv.update_cores_argv(launch.engine, launch.place, core_ids))
        elif group:
            keep_threads_to_cores(group.thread_ids, core_ids)

    def _halt(self) -> None:
        self._freeze_group()

    def _go(self) -> None:
        if self._group:
            with contextlib.suppress(OSError):  # it ended, and the group with it
                self._group.thaw()

    def _freeze_group(self) -> bool:
        if self._group is None or self._group.freezer is None:
            return False
        try:
            self._group.freeze()
        except OSError:
            return False
        return True

    def _say(self, verb: str) -> bool:
        launch = self._launch
        return self._ask(argv.control_argv(launch.engine, verb, launch.place.name))

    def _ask(self, command: list[str]) -> bool:
        return self._launch.ask(command, _COMMAND_TIMEOUT_S).status == 0
