from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.manifest import ContainerRuntime, Isolation, Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.container import ContainerSandbox
from gridle.worker.sandbox.engine import Engine, Reply
from gridle.worker.sandbox.port import Share, TaskSpec

ENGINE = Engine(
    "podman",
    "5.0",
    None,
    Sentence("why", "why"),
    rootless=False,
    has_cpu_controller=True,
    has_cpuset_controller=True,
    cgroup_parent=None,
    nofile_ceiling=1024,
    nproc_ceiling=1024,
)


def sandbox(isolation: Isolation) -> ContainerSandbox:
    def ask(argv: list[str], _: float) -> Reply:
        raise AssertionError(argv)

    return ContainerSandbox(
        "w", Path("/p.json"), find=lambda: ENGINE, ask=ask, isolation=lambda: isolation
    )


def spec(folder: Path) -> TaskSpec:
    for name in ("in", "out"):
        (folder / name).mkdir()
    runtime = ContainerRuntime("a" * 64, ("/x",))
    return TaskSpec("t", runtime, (), Resources(reference_s=1.0), folder)


def test_an_owner_who_wants_gvisor_is_asked_at_each_start(tmp_path: Path) -> None:
    assert sandbox("any").availability().works
    strict = sandbox("gvisor")
    assert not strict.availability().works
    with pytest.raises(UnavailableError, match="only run under gVisor"):
        strict.start(spec(tmp_path), Share(50.0), lambda _: None)


def test_what_cannot_be_fenced_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    card = replace(spec(tmp_path), gpus=("GPU-1",))
    with pytest.raises(UnavailableError, match="GPU-1"):
        sandbox("any").start(card, Share(50.0), lambda _: None)
    assert {each.name for each in tmp_path.iterdir()} == {"in", "out"}
