from __future__ import annotations

from dataclasses import replace

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.doctor_engine import engine_findings
from gridle.worker.sandbox.engine import Engine

ROOTFUL = Engine(
    "podman",
    "5.0",
    None,
    Sentence("it fits", "相容"),
    rootless=False,
    has_cpu_controller=True,
    has_cpuset_controller=True,
    cgroup_parent=None,
    nofile_ceiling=1024,
    nproc_ceiling=1024,
    runtime_name="crun",
    first_host_id=7,
    gvisor_said=Sentence("No gVisor.", "无 gVisor。"),
    cards_said=Sentence("No card.", "无显卡。"),
)
ROOTLESS = replace(ROOTFUL, rootless=True, first_host_id=None)
DOCKER = replace(ROOTFUL, program="docker", first_host_id=None)


def said(engine: Engine, name: str) -> str:
    findings = {each.name: each for each in engine_findings(engine)}
    assert findings[name].works
    assert findings[name].sentence.zh
    return findings[name].sentence.en


def test_each_fact_is_a_sentence_and_nothing_is_wrong() -> None:
    findings = list(engine_findings(ROOTFUL))
    assert [each.name for each in findings] == [
        "container",
        "container-runtime",
        "container-limits",
        "container-users",
        "gvisor",
        "gpu",
    ]
    assert all(each.works for each in findings)
    assert all(each.sentence.en.endswith(".") for each in findings)


def test_no_engine_is_the_one_thing_to_be_done() -> None:
    (finding,) = engine_findings(Sentence("Install it.", "请安装。"))
    assert not finding.works


def test_the_runtime_comes_with_its_reason() -> None:
    assert said(ROOTFUL, "container-runtime") == "Containers are run by crun: it fits."


@pytest.mark.parametrize(
    ("engine", "part"),
    [
        (replace(ROOTFUL, cgroup_version=1), "version 1 hold each task"),
        (ROOTFUL, "and to its CPU time"),
        (replace(ROOTFUL, limits_swap=False), "swapaccount=1"),
        (replace(ROOTLESS, has_cpu_controller=False), "Delegate=cpu"),
        (replace(ROOTFUL, has_cpu_controller=False), "coarser."),
    ],
)
def test_what_is_limited_and_what_to_do(engine: Engine, part: str) -> None:
    assert part in said(engine, "container-limits")


@pytest.mark.parametrize(
    ("engine", "part"),
    [
        (ROOTFUL, "nobody on this machine"),
        (replace(DOCKER, remaps_users=True), "nobody on this machine"),
        (ROOTLESS, "the worker's own rights"),
        (DOCKER, "userns-remap"),
        (replace(ROOTFUL, first_host_id=None), "user.max_user_namespaces"),
    ],
)
def test_who_a_task_is_on_this_machine(engine: Engine, part: str) -> None:
    assert part in said(engine, "container-users")


def test_labels_and_other_engines_are_told_where_there_are_any() -> None:
    other = Sentence("Podman is broken.", "Podman 已损坏。")
    engine = replace(DOCKER, labels="SELinux", passed_over=(other,))
    assert "SELinux" in said(engine, "container-labels")
    assert said(engine, "container-other") == "Podman is broken."
