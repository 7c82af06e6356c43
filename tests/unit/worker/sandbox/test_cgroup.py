from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from gridle.worker.sandbox.cgroup import LEAST_SHARES, Cgroup
from gridle.worker.sandbox.cgroup_place import cgroup_of, unified_cgroup
from gridle.worker.sandbox.quota import Quota, quota_of

HYBRID = """12:cpu:/podman/c1
11:cpuacct:/podman/c1
7:freezer:/podman/c1
5:memory:/podman/c1
1:name=systemd:/x
0::/
"""
JOINED = "4:cpu,cpuacct:/c1\n3:freezer:/c1\n"
UNIFIED = "0::/user.slice/c1\n"


def process(tmp_path: Path, text: str) -> Path:
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(text)
    return tmp_path / "proc"


def make(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def find(tmp_path: Path, text: str) -> Cgroup | None:
    return cgroup_of(7, tmp_path / "fs", process(tmp_path, text))


def test_separate_trees_of_version_1(tmp_path: Path) -> None:
    fs = tmp_path / "fs"
    cpu = make(fs / "cpu/podman/c1", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    make(fs / "cpuacct/podman/c1", cpuacct__usage="1500000000")
    make(fs / "memory/podman/c1", memory__usage_in_bytes="1", memory__max_usage_in_bytes="42")
    group = find(tmp_path, HYBRID)
    assert group is not None
    assert (group.cpu, group.freezer, group.unified) == (cpu, None, False)
    assert (group.cpu_s(), group.peak_memory_bytes()) == (1.5, 42)
    group.set_quota(Quota(10_000, 20_000))
    assert (cpu / "cpu.cfs_quota_us").read_text() == "10000"
    assert (cpu / "cpu.cfs_period_us").read_text() == "20000"
    group.set_quota(None)
    assert (cpu / "cpu.cfs_quota_us").read_text() == "-1"


def test_joined_controllers_of_version_1(tmp_path: Path) -> None:
    joined = make(
        tmp_path / "fs/cpu,cpuacct/c1", cpu__cfs_quota_us="-1", cpuacct__usage="2000000000"
    )
    freezer = make(tmp_path / "fs/freezer/c1", freezer__state="FROZEN\n")
    group = find(tmp_path, JOINED)
    assert group is not None
    assert (group.cpu, group.cpuacct, group.freezer) == (joined, joined, freezer)
    assert group.is_frozen()


def test_version_2(tmp_path: Path) -> None:
    folder = make(
        tmp_path / "fs/user.slice/c1",
        cpu__max="max 100000",
        cpu__stat="usage_usec 2500000\nuser_usec 1\n",
        cgroup__freeze="0",
        cgroup__events="populated 1\nfrozen 1\n",
        memory__current="7",
    )
    group = find(tmp_path, UNIFIED)
    assert group == unified_cgroup(folder)
    assert (group.cpu_s(), group.peak_memory_bytes(), group.is_frozen()) == (2.5, 7, True)
    group.set_quota(quota_of(50.0))
    assert (folder / "cpu.max").read_text() == "10000 20000"
    group.freeze()
    assert (folder / "cgroup.freeze").read_text() == "1"
    group.thaw()
    assert (folder / "cgroup.freeze").read_text() == "0"


def test_what_cannot_be_seen_is_none(tmp_path: Path) -> None:
    assert cgroup_of(7, tmp_path / "fs", tmp_path / "proc") is None
    assert find(tmp_path, UNIFIED) is None
    nothing = Cgroup(None, None, None, None, unified=False)
    assert (nothing.cpu_s(), nothing.peak_memory_bytes(), nothing.wants_cpu()) == (
        None,
        None,
        False,
    )
    assert nothing.thread_ids() == []
    for act in (
        nothing.freeze,
        nothing.thaw,
        nothing.yield_to_others,
        lambda: nothing.keep_to_cores((1,)),
    ):
        with pytest.raises(FileNotFoundError):
            act()
    nothing.let_die()


@pytest.mark.parametrize("text", ["", "nonsense", "usage_usec\n", "usage_usec x\n"])
def test_unreadable_figures_are_none(tmp_path: Path, text: str) -> None:
    assert unified_cgroup(make(tmp_path / "c1", cpu__stat=text)).cpu_s() is None


def test_cores_of_version_1(tmp_path: Path) -> None:
    make(tmp_path / "fs/cpu/podman/c1", cpu__cfs_quota_us="-1")
    make(tmp_path / "fs/cpuset/podman", cpuset__cpus="0-3\n")
    cpuset = make(tmp_path / "fs/cpuset/podman/c1", cpuset__cpus="0-3\n")
    group = find(tmp_path, HYBRID.replace("5:memory", "6:cpuset:/podman/c1\n5:memory"))
    assert group is not None
    group.keep_to_cores((3, 2, 8))
    assert (cpuset / "cpuset.cpus").read_text() == "2-3"
    group.keep_to_cores(())
    assert (cpuset / "cpuset.cpus").read_text() == "0-3"


def test_cores_of_version_2(tmp_path: Path) -> None:
    make(tmp_path / "above", cpuset__cpus__effective="1,3-5\n")
    folder = make(tmp_path / "above/c1", cpuset__cpus="")
    group = unified_cgroup(folder)
    group.keep_to_cores((0, 3, 4))
    assert (folder / "cpuset.cpus").read_text() == "3-4"
    make(tmp_path / "above", cpuset__cpus__effective="nonsense")
    with pytest.raises(OSError, match="unreadable"):
        group.keep_to_cores((3,))


@pytest.mark.parametrize(
    ("name", "unified", "least"),
    [
        ("io.weight", True, "1"),
        ("io.bfq.weight", True, "1"),
        ("blkio.weight", False, "10"),
        ("blkio.bfq.weight", False, "10"),
    ],
)
def test_the_disks_are_for_others_first(
    tmp_path: Path, name: str, least: str, *, unified: bool
) -> None:
    (tmp_path / name).write_text("100")
    (tmp_path / "cpu.idle").write_text("0")
    Cgroup(tmp_path, None, None, None, unified=unified, io=tmp_path).yield_to_others()
    assert (tmp_path / name).read_text() == least


def test_the_least_weight_where_there_are_no_idle_groups(tmp_path: Path) -> None:
    one = make(tmp_path / "one", cpu__shares="1024", cpu__cfs_quota_us="-1")
    Cgroup(one, None, None, None, unified=False).yield_to_others()
    assert (one / "cpu.shares").read_text() == str(LEAST_SHARES)
    two = make(tmp_path / "two", cpu__max="max 100000", cpu__weight="100", cpu__idle="0")
    unified_cgroup(two).yield_to_others()
    assert ((two / "cpu.idle").read_text(), (two / "cpu.weight").read_text()) == ("1", "100")
    unified_cgroup(two).let_die()
    assert ((two / "cpu.idle").read_text(), (two / "cpu.max").read_text()) == ("0", "max 100000")


def test_everything_in_a_group_is_killed(tmp_path: Path) -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    (tmp_path / "cgroup.procs").write_text(f"{sleeper.pid}\n4194305\n")
    Cgroup(None, None, tmp_path, None, unified=False).end_all()
    assert sleeper.wait(10) == -signal.SIGKILL
    Cgroup(None, None, tmp_path / "gone", None, unified=False).end_all()
