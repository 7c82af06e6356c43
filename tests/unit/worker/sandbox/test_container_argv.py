from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime, MiB, Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.container_argv import (
    Place,
    run_argv,
    update_cores_argv,
    update_cpus_argv,
    without_proxies,
)
from gridle.worker.sandbox.engine import Engine, GVisor
from gridle.worker.sandbox.port import Share, TaskSpec

PODMAN = Engine(
    "podman",
    "5.0",
    "runc",
    Sentence("why", "why"),
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
    Sentence("why", "why"),
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


def test_a_networked_task_joins_its_proxys_namespace_and_learns_nothing_more() -> None:
    networked = replace(PLACE, network="/proc/7/fd/4")
    flags = run_argv(PODMAN, SPEC, Share(50.0), networked)
    assert flags[flags.index("--network") + 1] == "ns:/proc/7/fd/4"
    assert flags.count("--network") == 1
    assert flags[flags.index("--dns") + 1] == "none"
    assert "HTTPS_PROXY=http://127.0.0.1:3128" in flags
    assert not any(flag.startswith("/sys") for flag in flags)


@pytest.mark.parametrize(
    ("version", "variable"), [("4.3.1", "CONTAINERS_CONF"), ("5.2", "CONTAINERS_CONF_OVERRIDE")]
)
def test_a_rootless_engine_takes_a_namespace_of_ours(version: str, variable: str) -> None:
    networked = replace(PLACE, network="/proc/7/fd/4", engine_settings=Path("/w/containers.conf"))
    engine = replace(PODMAN, rootless=True, version=version)
    flags = run_argv(engine, SPEC, Share(50.0), networked)
    assert flags[:3] == ["env", f"{variable}=/w/containers.conf", "podman"]
    assert any(flag.startswith("/sys:ro,") for flag in flags)


GVISOR = replace(PODMAN, gvisor=GVisor("1", "/usr/bin/runsc", ("network=none",)))


def followed(argv: list[str], flag: str) -> list[str]:
    """Return what stands behind each `flag`."""
    return [after for each, after in itertools.pairwise(argv) if each == flag]


def test_gvisor_is_asked_for_where_it_is_demanded_alone() -> None:
    demanding = replace(SPEC, isolation="gvisor")
    podman = run_argv(GVISOR, demanding, Share(50.0), PLACE)
    assert podman[:6] == [
        "podman", "--runtime", "/usr/bin/runsc", "--runtime-flag", "network=none", "run",
    ]  # fmt: skip
    docker = replace(DOCKER, gvisor=GVisor("1", "gv"))
    assert run_argv(docker, demanding, Share(50.0), PLACE)[:4] == [
        "docker",
        "run",
        "--runtime",
        "gv",
    ]
    assert followed(run_argv(GVISOR, SPEC, Share(50.0), PLACE), "--runtime") == ["runc"]


def test_without_gvisor_a_task_that_demands_it_is_refused() -> None:
    none = replace(PODMAN, gvisor_said=Sentence("Install runsc.", "请安装 runsc。"))
    with pytest.raises(UnavailableError, match="cannot here"):
        run_argv(none, replace(SPEC, isolation="gvisor"), Share(50.0), PLACE)


def test_cards_are_handed_over_by_name_and_nothing_is_loosened() -> None:
    cards = frozenset({"nvidia.com/gpu=GPU-1", "nvidia.com/gpu=GPU-2"})
    engine, spec = replace(GVISOR, cards=cards), replace(SPEC, gpus=("GPU-2",))
    argv = run_argv(engine, spec, Share(50.0), PLACE)
    assert followed(argv, "--device") == ["nvidia.com/gpu=GPU-2"]
    without = run_argv(engine, SPEC, Share(50.0), PLACE)
    # all that a card's libraries look for is seen, and no more
    assert {each.partition("=")[0] for each in set(without) - set(argv)} == {"mask"}
    assert "--privileged" not in argv[: argv.index("sha256:" + "a" * 64)]
    with pytest.raises(UnavailableError, match="GPU-3 cannot be handed"):
        run_argv(engine, replace(SPEC, gpus=("GPU-1", "GPU-3")), Share(50.0), PLACE)
    with pytest.raises(UnavailableError, match="card cannot be fenced"):
        run_argv(engine, replace(spec, isolation="gvisor"), Share(50.0), PLACE)


def test_a_tasks_users_are_nobody_here() -> None:
    mapped = replace(GVISOR, first_host_id=7)
    argv = run_argv(mapped, SPEC, Share(50.0), PLACE)
    assert followed(argv, "--uidmap") == followed(argv, "--gidmap") == ["0:7:65536"]
    for spec in (
        replace(SPEC, isolation="gvisor"),
        replace(SPEC, network_allow=("example.org",)),
    ):
        assert "--uidmap" not in run_argv(mapped, spec, Share(50.0), PLACE)
    rootless = replace(PODMAN, rootless=True)
    kept = followed(run_argv(rootless, SPEC, Share(50.0), PLACE), "--userns")
    assert kept == ["keep-id:uid=65534,gid=65534"]
    assert not {"--uidmap", "--userns"} & set(run_argv(DOCKER, SPEC, Share(50.0), PLACE))


@pytest.mark.parametrize("engine", [PODMAN, DOCKER], ids=["podman", "docker"])
def test_mounts_are_labelled_where_labels_are_used(engine: Engine) -> None:
    labelled = run_argv(replace(engine, labels="SELinux"), SPEC, Share(50.0), PLACE)
    assert [mount[-2:] for mount in followed(labelled, "--volume")] == [",Z", ",Z"]
    assert not any(",Z" in each for each in run_argv(engine, SPEC, Share(50.0), PLACE))


def test_proxies_are_not_handed_on() -> None:
    environment = {"HTTPS_PROXY": "http://me:secret@proxy", "no_proxy": "x", "PATH": "/bin"}
    assert without_proxies(environment) == {"PATH": "/bin"}
    assert "https_proxy" in followed(run_argv(DOCKER, SPEC, Share(50.0), PLACE), "--env")
