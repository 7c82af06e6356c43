"""On a real process, with a group whose files do as the kernel's might."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridle.worker.sandbox.cgroup import Cgroup
from gridle.worker.sandbox.host_fence import Host
from gridle.worker.sandbox.own_cgroup import OwnCgroup
from gridle.worker.sandbox.port import Share
from gridle.worker.sandbox.posix_fence import PosixFence
from gridle.worker.sandbox.thread_state import thread_state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
DEADLINE_S = 30.0


def _cpu_s(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:  # it has ended, and a turn of the duty cycle has not
        return 0.0


@pytest.fixture
def host() -> Iterator[Host]:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"])
    yield Host(
        "t",
        child.pid,
        lambda number: os.kill(child.pid, number),
        lambda: _cpu_s(child.pid),
    )
    child.kill()
    child.wait()


def group(folder: Path, *missing: str) -> OwnCgroup:
    folder.mkdir()
    for name in {"cgroup.procs", "cpu.cfs_quota_us", "cpu.cfs_period_us"} - set(missing):
        (folder / name).write_text("")
    return OwnCgroup(Cgroup(folder, None, None, None, unified=False), folder)


def await_that(condition: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < give_up_s
        threading.Event().wait(0.005)


def test_the_group_holds_it_where_it_can(host: Host, tmp_path: Path) -> None:
    own = group(tmp_path / "g")
    fence = PosixFence(host, own)
    assert (tmp_path / "g/cgroup.procs").read_text() == str(host.pid)
    fence.throttle(Share(40.0))
    assert (tmp_path / "g/cpu.cfs_quota_us").read_text() == "8000"
    fence.throttle(Share(100.0))
    assert (tmp_path / "g/cpu.cfs_quota_us").read_text() == "-1"
    fence.freeze()
    assert thread_state(host.pid) == "T"
    fence.thaw()
    await_that(lambda: thread_state(host.pid) == "R")


def test_a_group_that_refuses_it_gives_way_to_the_duty_cycle(host: Host, tmp_path: Path) -> None:
    own = group(tmp_path / "g")
    (tmp_path / "g/cgroup.procs").unlink()
    (tmp_path / "g/cgroup.procs").mkdir()  # it cannot be written, not even by root
    fence = PosixFence(host, own)
    fence.throttle(Share(20.0))
    await_that(lambda: thread_state(host.pid) == "T")
    await_that(lambda: thread_state(host.pid) == "R")
    fence.let_die()


def test_a_quota_that_is_refused_later_gives_way_too(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = PosixFence(host, group(tmp_path / "g"))
    fence.throttle(Share(50.0))
    fence.freeze()

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "more than the group above has")

    monkeypatch.setattr(Cgroup, "set_quota", refuse)
    fence.throttle(Share(20.0))
    assert not threading.Event().wait(0.1)
    assert thread_state(host.pid) == "T"  # a turn would have let it go
    fence.thaw()
    await_that(lambda: thread_state(host.pid) == "R")
    await_that(lambda: thread_state(host.pid) == "T")
    fence.let_die()


def test_without_a_group_the_share_is_held_in_turns(host: Host) -> None:
    fence = PosixFence(host, None)
    fence.throttle(Share(30.0))
    began_s, before_s = time.monotonic(), host.cpu_s()
    threading.Event().wait(2.0)
    assert (host.cpu_s() - before_s) / (time.monotonic() - began_s) < 0.34
    fence.freeze()
    used_s = host.cpu_s()
    assert not threading.Event().wait(0.1)
    assert host.cpu_s() == used_s
    fence.let_die()
    fence.release()


def test_a_host_that_ended_is_no_trouble(tmp_path: Path) -> None:
    gone = Host("t", 2**22 + 1, _nothing, lambda: 0.0)
    fence = PosixFence(gone, group(tmp_path / "g", "cpu.cfs_quota_us"))
    fence.throttle(Share(30.0, (0,)))
    fence.freeze()
    fence.thaw()
    fence.let_die()
    fence.release()


def _nothing(_: signal.Signals) -> None:
    pass
