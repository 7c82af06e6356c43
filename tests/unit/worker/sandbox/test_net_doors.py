from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.manifest import ContainerRuntime, Resources
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox import net_doors
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.net_doors import NetDoors, gives_network, why_not
from gridle.worker.sandbox.net_process import Moved, Rates
from gridle.worker.sandbox.port import TaskSpec

PODMAN = Engine(
    "podman",
    "5.0",
    None,
    Sentence("why", "why"),
    rootless=True,
    has_cpu_controller=True,
    has_cpuset_controller=True,
    cgroup_parent=None,
    nofile_ceiling=1024,
    nproc_ceiling=1024,
)
RUNTIME = ContainerRuntime(image_sha256="a" * 64, command=("/run",))
SPEC = TaskSpec(
    "one",
    RUNTIME,
    (),
    Resources(reference_s=1.0),
    Path("/work/one"),
    network_allow=("api.example.org",),
)


class Process:
    """Stands in for a proxy's process: remembers what it was told."""

    def __init__(
        self, allow: tuple[str, ...], most_bytes: int, rates: Rates, prefix: tuple[str, ...]
    ) -> None:
        assert most_bytes > 0
        self.allow, self.rates, self.prefix = allow, rates, prefix
        self.space = f"/proc/1/fd/{len(MADE)}"
        self.moved = Moved()
        MADE.append(self)

    def limit(self, rates: Rates) -> None:
        self.rates = rates

    def end(self) -> Moved:
        self.moved = self.moved.plus(Moved(1, 1))  # what it tells at its end
        return self.moved


MADE: list[Process] = []


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> NetDoors:
    MADE.clear()
    monkeypatch.setattr(net_doors, "NetProcess", Process)
    return NetDoors()


def test_a_task_that_names_no_host_gets_no_proxy(doors: NetDoors) -> None:
    assert doors.open(replace(SPEC, network_allow=()), PODMAN) is None
    assert not MADE
    doors.close(SPEC.name)
    assert doors.space(SPEC.name) is None


def test_a_proxy_is_made_where_the_engine_makes_namespaces(doors: NetDoors) -> None:
    assert doors.open(SPEC, PODMAN) == doors.space("one") == "/proc/1/fd/0"
    assert MADE[0].prefix == ("podman", "unshare")
    assert MADE[0].allow == ("api.example.org",)


def test_tasks_share_the_owners_rates(doors: NetDoors) -> None:
    doors.limit(Rates(1000, None))
    doors.open(SPEC, PODMAN)
    assert MADE[0].rates == Rates(1000, None)
    doors.open(replace(SPEC, name="two"), PODMAN)
    assert [each.rates for each in MADE] == [Rates(500, None)] * 2
    doors.limit(Rates(0, 1))
    assert [each.rates for each in MADE] == [Rates(0, 1)] * 2
    doors.limit(Rates(1000, 3000))
    doors.close("one")
    assert MADE[1].rates == Rates(1000, 3000)


def test_the_count_never_falls(doors: NetDoors) -> None:
    doors.open(SPEC, PODMAN)
    doors.open(replace(SPEC, name="two"), PODMAN)
    MADE[0].moved, MADE[1].moved = Moved(10, 20), Moved(1, 2)
    assert doors.transferred() == Moved(11, 22)
    assert doors.moved("one") == Moved(10, 20)
    doors.close("one")
    doors.close("one")
    assert doors.transferred() == Moved(12, 23)
    assert doors.moved("one") == Moved()


def test_where_tasks_can_have_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gives_network(PODMAN) is None
    docker = gives_network(replace(PODMAN, program="docker"))
    assert docker is not None
    assert "Podman" in docker.en
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    other = gives_network(replace(PODMAN, rootless=False))
    assert other is not None
    assert "not root" in other.en


@pytest.mark.parametrize(
    ("spec", "engine", "words"),
    [
        (replace(SPEC, isolation="gvisor"), PODMAN, "gVisor"),
        (SPEC, replace(PODMAN, runtime="runsc"), "gVisor"),
        (SPEC, replace(PODMAN, program="docker"), "Docker"),
        (replace(SPEC, network_allow=("a.org", "nas.local")), PODMAN, "'nas.local'"),
        (replace(SPEC, network_allow=("\x1b[31m",)), PODMAN, "x1b"),
    ],
)
def test_a_refusal_says_why(spec: TaskSpec, engine: Engine, words: str, doors: NetDoors) -> None:
    refusal = why_not(spec=spec, engine=engine)
    assert refusal is not None
    assert words in refusal.sentence.en
    with pytest.raises(RefusedError):
        doors.open(spec, engine)
    assert not MADE
