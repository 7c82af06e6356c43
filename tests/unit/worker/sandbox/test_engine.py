from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import engine as engine_module
from gridle.worker.sandbox.engine import (
    Ask,
    Engine,
    Reply,
    ask_program,
    choose_runtime,
    find_engine,
)

PODMAN_INFO = {
    "host": {"cgroupControllers": ["cpu", "memory"], "security": {"rootless": False}},
    "version": {"Version": "5.0.1"},
}
DOCKER_INFO = {"ServerVersion": "28.1", "SecurityOptions": ["name=seccomp"], "CpuCfsQuota": True}


def which(*installed: str) -> Callable[[str], str | None]:
    return lambda program: f"/usr/bin/{program}" if program in installed else None


def answers(**by_program: Reply) -> Ask:
    return lambda argv, _: by_program[argv[0]]


def told(info: object) -> Reply:
    return Reply(0, json.dumps(info), "")


def found(ask: Ask, *installed: str) -> Engine:
    engine = find_engine(ask, which(*installed))
    assert isinstance(engine, Engine), engine
    return engine


def complaint(ask: Ask, *installed: str) -> str:
    sentence = find_engine(ask, which(*installed))
    assert isinstance(sentence, Sentence), sentence
    return sentence.en


def test_podman_comes_before_docker() -> None:
    ask = answers(podman=told(PODMAN_INFO), docker=told(DOCKER_INFO))
    engine = found(ask, "podman", "docker", "runc")
    assert (engine.program, engine.version) == ("podman", "5.0.1")
    assert engine.has_cpu_controller
    assert not engine.has_cpuset_controller
    assert not engine.rootless


def test_docker_alone_is_taken() -> None:
    engine = found(answers(docker=told(DOCKER_INFO)), "docker")
    assert (engine.program, engine.version, engine.runtime) == ("docker", "28.1", None)


@pytest.mark.parametrize(
    ("manager", "rootless", "parent"),
    [
        ("systemd", True, "gridle.slice"),
        ("systemd", False, "gridle.slice"),
        ("cgroupfs", False, "/gridle"),
        ("cgroupfs", True, None),
        (None, False, None),
    ],
)
def test_all_tasks_stand_below_one_group(
    manager: str | None, *, rootless: bool, parent: str | None
) -> None:
    host = {"cgroupManager": manager, "security": {"rootless": rootless}}
    podman = found(answers(podman=told(PODMAN_INFO | {"host": host})), "podman")
    options = ["name=rootless"] if rootless else []
    docker_told = told(DOCKER_INFO | {"CgroupDriver": manager, "SecurityOptions": options})
    docker = found(answers(docker=docker_told), "docker")
    assert (podman.cgroup_parent, docker.cgroup_parent) == (parent, parent)


@pytest.mark.parametrize(
    ("warnings", "takes"),
    [
        (None, True),
        (["WARNING: No swap limit support"], True),
        (["WARNING: No blkio weight support"], False),
        (["WARNING: No io.weight support"], False),
    ],
)
def test_docker_says_whether_disks_have_weights(warnings: list[str] | None, *, takes: bool) -> None:
    told_so = DOCKER_INFO | {"Warnings": warnings, "CPUSet": False}
    engine = found(answers(docker=told(told_so)), "docker")
    assert engine.takes_io_weight is takes
    assert not engine.has_cpuset_controller


def test_docker_stands_in_for_a_broken_podman() -> None:
    ask = answers(podman=Reply(125, "", "no subuid"), docker=told(DOCKER_INFO))
    assert found(ask, "podman", "docker").program == "docker"


def test_nothing_installed_says_what_to_install() -> None:
    assert "sudo apt install podman" in complaint(answers())


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(125, "", "first\nError: no \x1b[1msocket\n"), r"Error: no \x1b[1msocket"),
        (Reply(124, "", "podman did not answer within 30 s"), "did not answer"),
        (Reply(3, "", ""), "exit status 3"),
        (Reply(0, "not json", ""), "could not be understood"),
        (told([]), "could not be understood"),
        (told({"host": {}}), "could not be understood"),
    ],
)
def test_a_broken_engine_is_told_with_its_words(reply: Reply, said: str) -> None:
    text = complaint(answers(podman=reply), "podman")
    assert said in text
    assert "start or repair" in text


def test_a_docker_without_its_daemon() -> None:
    info = {"ServerErrors": ["Cannot connect to the Docker daemon"]}
    assert "Cannot connect" in complaint(answers(docker=told(info)), "docker")


def test_both_complaints_are_told() -> None:
    ask = answers(podman=Reply(1, "", "one"), docker=Reply(1, "", "two"))
    assert "podman: one; docker: two" in complaint(ask, "podman", "docker")


@pytest.mark.parametrize("controllers", [["memory", "pids"], [], None])
def test_rootless_without_delegation_cannot_limit_cpu(controllers: list[str] | None) -> None:
    host = {"cgroupControllers": controllers, "security": {"rootless": True}}
    engine = found(answers(podman=told(PODMAN_INFO | {"host": host})), "podman")
    assert engine.rootless
    assert not engine.has_cpu_controller


def test_rootless_docker_is_seen() -> None:
    info = DOCKER_INFO | {"SecurityOptions": ["name=rootless"], "CpuCfsQuota": False}
    engine = found(answers(docker=told(info)), "docker")
    assert engine.rootless
    assert not engine.has_cpu_controller


@pytest.mark.parametrize(
    ("hybrid", "installed", "runtime"),
    [(True, ["runc"], "runc"), (True, [], None), (False, ["runc"], None)],
)
def test_mixed_control_groups_take_runc(
    *, hybrid: bool, installed: list[str], runtime: str | None
) -> None:
    assert choose_runtime(which(*installed), hybrid_cgroups=hybrid)[0] == runtime


def test_podman_is_asked_with_the_runtime_that_it_will_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "_has_hybrid_cgroups", lambda: True)
    asked: list[list[str]] = []

    def ask(argv: list[str], _: float) -> Reply:
        asked.append(argv)
        return told(PODMAN_INFO)

    assert found(ask, "podman", "runc").runtime == "runc"
    assert asked[0][:3] == ["podman", "--runtime", "runc"]


def test_a_program_is_asked_for_real(tmp_path: Path) -> None:
    assert ask_program([str(tmp_path / "absent")], 1.0).status == 127
    assert ask_program(["sh", "-c", "echo out; echo err >&2; exit 5"], 10.0) == Reply(
        5, "out\n", "err\n"
    )
    assert ask_program(["sleep", "60"], 0.05).status == 124
