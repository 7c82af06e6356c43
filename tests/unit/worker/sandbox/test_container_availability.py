from __future__ import annotations

from dataclasses import replace

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.container_availability import container_availability
from gridle.worker.sandbox.engine import Engine, GVisor

PLAIN = Engine(
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
FULL = replace(PLAIN, gvisor=GVisor("1", "runsc"), cards=frozenset({"amd.com/gpu=0"}))


def test_what_the_engine_has_is_offered() -> None:
    plain, full = (container_availability(each, "any") for each in (PLAIN, FULL))
    assert (plain.works, plain.gvisor, plain.gpus) == (True, False, False)
    assert (full.works, full.gvisor, full.gpus) == (True, True, True)
    assert "Podman 5.0" in plain.explanation.en
    assert plain.version == "podman 5.0"


def test_an_owner_who_wants_gvisor_alone() -> None:
    plain, full = (container_availability(each, "gvisor") for each in (PLAIN, FULL))
    assert not plain.works
    assert "gVisor alone" in plain.explanation.en
    assert (full.works, full.gvisor, full.gpus) == (True, True, False)  # it cannot fence a card


def test_without_an_engine_nothing_works() -> None:
    said = Sentence("Install it.", "请安装。")
    found = container_availability(said, "any")
    assert (found.works, found.explanation) == (False, said)
