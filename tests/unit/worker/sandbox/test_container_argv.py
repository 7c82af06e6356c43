from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import ContainerRuntime, MiB, Resources
from gridle.worker.sandbox.container_argv import (
    Place,
    run_argv,
    update_cores_argv,
    update_cpus_argv,
)
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.port import Share, TaskSpec

PODMAN = Engine(
    "podman",
    "5.0",
    "runc",
    "why",
    rootless=False,
    has_cpu_controller=True,
    has_cpuset_controller=True,
    cgroup_parent="gridle.slice",
    nofile_ceiling=512,
    nproc_ceiling=2**20,
)
DOCKER = Engine(
    "docker",
    "28",
    None,
    "why",
    rootless=False,
    has_cpu_controller=True,
    has_cpuset_controller=True,
    cgroup_parent=None,
    nofile_ceiling=2**20,
    nproc_ceiling=2**20,
)
SPEC = TaskSpec(
    "t1",
    ContainerRuntime(image_sha256="a" * 64, command=("/bin/run", "-x")),
    ("--privileged", "b c"),
    Resources(reference_s=1.0, memory_bytes=64 * MiB),
    Path("/work/t1"),
)
PLACE = Place("gridle-w-t1", "w", Path("/p.json"), Path("/c"), Path("/d"), frozenset(range(4)))


@pytest.mark.parametrize("engine", [PODMAN, DOCKER], ids=["podman", "docker"])
@pytest.mark.parametrize(
    "flags",
    [
        ["--network", "none"],
        ["--cap-drop", "all"],
        ["--security-opt", "no-new-privileges"],
        ["--security-opt", "seccomp=/p.json"],
        ["--read-only"],
        ["--user", "65534:65534"],
        ["--memory", str(64 * MiB), "--memory-swap", str(64 * MiB)],
        ["--pids-limit", "512"],
        ["--cpus", "0.50"],
        ["--cpuset-cpus", "1-2"],
        ["--pull", "never"],
        ["--log-driver", "none"],
        ["--ulimit", "core=0:0"],
        ["--label", "gridle.worker=w"],
    ],
    ids=" ".join,
)
def test_every_fence_is_there_before_the_image(engine: Engine, flags: list[str]) -> None:
    argv = run_argv(engine, SPEC, Share(50.0, core_ids=(2, 1, 77)), PLACE)
    before = argv[: argv.index("sha256:" + "a" * 64)]
    places = range(len(before) - len(flags) + 1)
    assert any(before[at : at + len(flags)] == flags for at in places)


@pytest.mark.parametrize("engine", [PODMAN, DOCKER], ids=["podman", "docker"])
def test_what_the_manifest_says_comes_after_the_image_alone(engine: Engine) -> None:
    argv = run_argv(engine, SPEC, Share(50.0), PLACE)
    assert argv[argv.index("sha256:" + "a" * 64) + 1 :] == ["-x", "--privileged", "b c"]


def test_quirks_change_the_flags() -> None:
    bare = replace(PODMAN, has_cpu_controller=False, has_cpuset_controller=False)
    flags = run_argv(bare, SPEC, Share(50.0, core_ids=(1,)), PLACE)
    assert not {"--cpus", "--cpuset-cpus"} & set(flags)
    argv = run_argv(PODMAN, SPEC, Share(50.0), PLACE)
    assert argv[:4] == ["podman", "--runtime", "runc", "run"]
    assert "nofile=512:512" in argv
    assert argv[argv.index("--cgroup-parent") + 1] == "gridle.slice"
    assert "--cgroup-parent" not in run_argv(DOCKER, SPEC, Share(50.0), PLACE)


def test_cores_and_limit_change_while_it_runs() -> None:
    assert update_cpus_argv(DOCKER, "c", 0.25) == ["docker", "update", "--cpus", "0.25", "c"]
    assert update_cores_argv(DOCKER, PLACE, ())[2:] == ["--cpuset-cpus", "0-3", "gridle-w-t1"]
    assert update_cores_argv(DOCKER, PLACE, (3, 9))[3] == "3"
