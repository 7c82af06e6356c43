from __future__ import annotations

from pathlib import Path

import pytest

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import engine_podman
from gridle.worker.sandbox.engine import Ask, Engine, Reply
from gridle.worker.sandbox.engine_podman import choose_runtime, find_podman, has_hybrid_cgroups
from tests.rigs.engine_answers import answers, podman_info, told, which


def found(info: object, *installed: str) -> Engine:
    engine = find_podman(answers(podman=told(info), runsc=Reply(0, "", "")), which(*installed))
    assert isinstance(engine, Engine), engine
    return engine


def complaint(ask: Ask) -> str:
    sentence = find_podman(ask, which())
    assert isinstance(sentence, Sentence), sentence
    return sentence.en


def test_what_podman_says_of_itself() -> None:
    engine = found(podman_info(ociRuntime={"name": "crun"}, cgroupVersion="v2"))
    assert (engine.program, engine.version, engine.name) == ("podman", "5.0.1", "Podman")
    assert (engine.runtime_name, engine.cgroup_version) == ("crun", 2)
    assert engine.has_cpu_controller
    assert not engine.has_cpuset_controller
    assert not engine.rootless


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
    assert found(podman_info(rootless=rootless, cgroupManager=manager)).cgroup_parent == parent


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(125, "", "first\nError: no \x1b[1msocket\n"), r"Error: no \x1b[1msocket"),
        (Reply(124, "", "podman did not answer within 30 s"), "did not answer"),
        (Reply(3, "", ""), "exit status 3"),
        (Reply(0, "not json", ""), "could not be understood"),
        (told([]), "could not be understood"),
        (told({"host": {}}), "could not be understood"),
        (told({"host": 5, "version": 6}), "could not be understood"),
    ],
)
def test_a_broken_engine_is_told_with_its_words(reply: Reply, said: str) -> None:
    text = complaint(answers(podman=reply))
    assert said in text
    assert "start or repair" in text


@pytest.mark.parametrize("controllers", [["cpu", "memory"], ["cpu", "pids"], [], None])
def test_without_delegated_limits_it_is_refused(controllers: list[str] | None) -> None:
    info = podman_info(rootless=True, controllers=controllers, cgroupVersion="v2")
    assert "Delegate=cpu cpuset io memory pids" in complaint(answers(podman=told(info)))


def test_rootless_on_old_control_groups_is_refused_whatever_they_have() -> None:
    info = podman_info(rootless=True, cgroupVersion="v1")
    assert "systemd.unified_cgroup_hierarchy=1" in complaint(answers(podman=told(info)))


def test_rootless_without_a_cpu_controller_is_taken() -> None:
    engine = found(podman_info(rootless=True, controllers=["memory", "pids"]))
    assert engine.rootless
    assert not engine.has_cpu_controller
    assert engine.first_host_id is None


def test_with_root_users_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_podman, "find_spare_ids", lambda: 7)
    assert found(podman_info()).first_host_id == 7
    assert found(podman_info(rootless=True)).first_host_id is None


@pytest.mark.parametrize(
    ("security", "labels"),
    [({}, ""), ({"selinuxEnabled": True}, "SELinux"), ({"apparmorEnabled": True}, "AppArmor")],
)
def test_labels_are_seen(security: dict[str, bool], labels: str) -> None:
    assert found(podman_info(security=security)).labels == labels


@pytest.mark.parametrize(("version", "takes"), [("4.0.3", False), ("4.1.0", True), ("10.0", True)])
def test_cards_are_looked_for_where_podman_takes_their_names(
    monkeypatch: pytest.MonkeyPatch, version: str, *, takes: bool
) -> None:
    monkeypatch.setattr(engine_podman, "find_cards", lambda _: frozenset({"nvidia.com/gpu=0"}))
    assert bool(found(podman_info(version)).cards) is takes


def test_gvisor_is_tried() -> None:
    gvisor = found(podman_info(), "runsc").gvisor
    assert gvisor is not None
    assert gvisor.runtime == "/usr/bin/runsc"


@pytest.mark.parametrize(
    ("hybrid", "installed", "runtime"),
    [(True, ["runc"], "runc"), (True, [], None), (False, ["runc"], None)],
)
def test_mixed_control_groups_take_runc(
    *, hybrid: bool, installed: list[str], runtime: str | None
) -> None:
    assert choose_runtime(which(*installed), hybrid_cgroups=hybrid)[0] == runtime


def test_mixed_control_groups_are_seen(tmp_path: Path) -> None:
    assert not has_hybrid_cgroups(tmp_path)
    (tmp_path / "cpu,cpuacct").mkdir()
    assert has_hybrid_cgroups(tmp_path)


def test_podman_is_asked_with_the_runtime_that_it_will_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_podman, "has_hybrid_cgroups", lambda: True)
    asked: list[list[str]] = []

    def ask(argv: list[str], _: float) -> Reply:
        asked.append(argv)
        return told(podman_info())

    engine = find_podman(ask, which("podman", "runc"))
    assert isinstance(engine, Engine)
    assert engine.runtime == "runc"
    assert asked[0][:3] == ["podman", "--runtime", "runc"]
