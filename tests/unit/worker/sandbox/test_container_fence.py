from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import ContainerRuntime, Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.cgroup import Cgroup
from gridle.worker.sandbox.container_argv import Place
from gridle.worker.sandbox.container_fence import ContainerFence, Launch
from gridle.worker.sandbox.cores import own_cores
from gridle.worker.sandbox.engine import Engine, Reply
from gridle.worker.sandbox.port import Share, TaskSpec


@dataclass
class Asked:
    """An engine's command line that writes down what it is told."""

    status: int = 0
    lines: list[str] = field(default_factory=list)

    def __call__(self, argv: list[str], _: float) -> Reply:
        self.lines.append(" ".join(argv[1:]))
        return Reply(self.status, "", "")


def launch(ask: Callable[[list[str], float], Reply], *, has_cpuset: bool = True) -> Launch:
    engine = Engine(
        "docker",
        "28",
        None,
        Sentence("why", "why"),
        rootless=False,
        has_cpu_controller=True,
        has_cpuset_controller=has_cpuset,
        cgroup_parent="gridle.slice",
        nofile_ceiling=1024,
        nproc_ceiling=1024,
    )
    runtime = ContainerRuntime(image_sha256="a" * 64, command=("/x",))
    spec = TaskSpec("t", runtime, (), Resources(reference_s=1.0), Path("/t"))
    place = Place("c", "w", Path("/p"), Path("/i"), Path("/d"), frozenset(range(4)))
    return Launch(engine, ask, spec, place, Share(50.0, (1,)))


def test_where_no_group_is_seen_the_engine_does_it_all() -> None:
    ask = Asked()
    fence = ContainerFence(launch(ask), None)
    fence.throttle(Share(30.0, (1,)))
    fence.throttle(Share(30.0, (2, 3, 9)))
    assert fence.freeze()
    fence.thaw()
    fence.let_die()
    assert ask.lines == [
        "update --cpus 0.30 c",
        "update --cpuset-cpus 2-3 c",
        "update --cpus 0.30 c",
        "pause c",
        "unpause c",
    ]


def test_an_engine_that_cannot_pause_says_so() -> None:
    assert not ContainerFence(launch(Asked(status=1)), None).freeze()


def test_a_group_with_every_controller_needs_no_engine(tmp_path: Path) -> None:
    ask = Asked()
    (tmp_path / "cpuset.cpus").write_text("0-3")
    group = tmp_path / "c"
    group.mkdir()
    for name in ("cpuset.cpus", "cpu.cfs_quota_us", "cpu.idle", "blkio.bfq.weight", "tasks"):
        (group / name).write_text("")
    (group / "freezer.state").write_text("FROZEN")
    made = Cgroup(group, group, group, group, unified=False, cpuset=group, io=group)
    fence = ContainerFence(launch(ask), made)
    fence.throttle(Share(25.0, (2,)))
    assert (group / "cpuset.cpus").read_text() == "2"
    assert (group / "cpu.cfs_quota_us").read_text() == "5000"
    assert ((group / "cpu.idle").read_text(), (group / "blkio.bfq.weight").read_text()) == (
        "1",
        "10",
    )
    assert fence.freeze()
    fence.thaw()
    assert (group / "freezer.state").read_text() == "THAWED"
    assert ask.lines == []


def test_cores_without_a_cpuset_of_the_group_by_the_engine(tmp_path: Path) -> None:
    ask = Asked()
    (tmp_path / "cpu.cfs_quota_us").write_text("")
    group = Cgroup(tmp_path, None, None, None, unified=False)
    ContainerFence(launch(ask), group).throttle(Share(50.0, (3,)))
    assert ask.lines == ["update --cpuset-cpus 3 c"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_cores_without_any_cpuset_thread_by_thread(tmp_path: Path) -> None:
    ask, over, last = Asked(), threading.Event(), max(own_cores())
    thread = threading.Thread(target=over.wait)
    thread.start()
    (tmp_path / "cpu.cfs_quota_us").write_text("")
    (tmp_path / "tasks").write_text(f"{thread.native_id}\n")
    group = Cgroup(tmp_path, None, tmp_path, None, unified=False)
    ContainerFence(launch(ask, has_cpuset=False), group).throttle(Share(50.0, (last,)))
    assert os.sched_getaffinity(thread.native_id or 0) == {last}
    over.set()
    thread.join()
    assert ask.lines == []
