from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Engine, Reply
from gridle.worker.sandbox.engine_docker import find_docker
from tests.rigs.engine_answers import answers, docker_info, told, which


def found(**more: object) -> Engine:
    engine = find_docker(answers(docker=told(docker_info(**more))), which())
    assert isinstance(engine, Engine), engine
    return engine


def complaint(reply: Reply) -> str:
    sentence = find_docker(answers(docker=reply), which())
    assert isinstance(sentence, Sentence), sentence
    return sentence.en


def test_what_docker_says_of_itself() -> None:
    engine = found(DefaultRuntime="runc", CgroupVersion="2", CPUSet=False, SwapLimit=False)
    assert (engine.program, engine.version, engine.runtime) == ("docker", "28.1", None)
    assert (engine.runtime_name, engine.cgroup_version) == ("runc", 2)
    assert engine.has_cpu_controller
    assert not engine.has_cpuset_controller
    assert not engine.limits_swap
    assert not engine.remaps_users
    assert engine.first_host_id is None  # one mapping for all containers, or none


@pytest.mark.parametrize(
    ("driver", "parent"), [("systemd", "gridle.slice"), ("cgroupfs", "/gridle"), ("none", None)]
)
def test_all_tasks_stand_below_one_group(driver: str, parent: str | None) -> None:
    assert found(CgroupDriver=driver).cgroup_parent == parent


@pytest.mark.parametrize(
    "info",
    [{"ServerErrors": ["Cannot connect to the Docker daemon"]}, [], {}, {"Runtimes": [1]}],
)
def test_a_docker_that_gives_no_answer(info: object) -> None:
    assert "Docker is installed but does not work" in complaint(told(info))


def test_a_broken_client() -> None:
    assert "no daemon" in complaint(Reply(1, "", "no daemon"))


@pytest.mark.parametrize("missing", ["MemoryLimit", "PidsLimit"])
def test_a_docker_that_cannot_limit_is_refused(missing: str) -> None:
    assert "cannot limit" in complaint(told(docker_info(**{missing: False})))


def test_rootless_is_seen() -> None:
    engine = found(SecurityOptions=["name=rootless"], CpuCfsQuota=False)
    assert engine.rootless
    assert not engine.has_cpu_controller


def test_rootless_on_old_control_groups_is_refused() -> None:
    info = docker_info(SecurityOptions=["name=rootless"], CgroupVersion="1")
    assert "version 1" in complaint(told(info))


def test_user_namespaces_and_labels_are_seen() -> None:
    engine = found(SecurityOptions=["name=userns", "name=apparmor"])
    assert engine.remaps_users
    assert engine.labels == "AppArmor"
    assert found(SecurityOptions=["name=selinux"]).labels == "SELinux"


def test_cards_are_in_the_folders_that_the_daemon_names(tmp_path: Path) -> None:
    spec = {"kind": "amd.com/gpu", "devices": [{"name": "0"}]}
    (tmp_path / "amd.json").write_text(json.dumps(spec))
    assert found(CDISpecDirs=[str(tmp_path)]).cards == {"amd.com/gpu=0"}
    assert not found(CDISpecDirs=None).cards


def test_gvisor_is_what_the_daemon_was_told_of() -> None:
    runtimes = {"runsc": {"path": "/x/runsc", "runtimeArgs": ["--network=none"]}}
    gvisor = found(Runtimes=runtimes).gvisor
    assert gvisor is not None
    assert (gvisor.runtime, gvisor.flags) == ("runsc", ())
