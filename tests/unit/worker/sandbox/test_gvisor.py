from __future__ import annotations

import pytest

from gridle.worker.sandbox.engine import GVisor, Reply
from gridle.worker.sandbox.gvisor import find_gvisor, look_in_docker
from tests.rigs.engine_answers import answers, which

VERSION = Reply(0, "runsc version release-20240513.0\nspec: 1.1.0-rc.1\n", "")


def test_podman_is_given_what_was_tried() -> None:
    asked: list[list[str]] = []

    def ask(argv: list[str], _: float) -> Reply:
        asked.append(argv)
        return VERSION

    gvisor, said = find_gvisor(ask, which("runsc"), rootless=False)
    assert gvisor == GVisor("release-20240513.0", "/usr/bin/runsc", ("network=none", "oci-seccomp"))
    assert "release-20240513.0 works" in said.en
    flags = ["--network=none", "--oci-seccomp", "--ignore-cgroups"]
    assert asked[1] == ["/usr/bin/runsc", *flags, "do", "/bin/true"]


@pytest.mark.parametrize("rootless", [False, True])
def test_what_is_not_there_says_how_to_get_it(*, rootless: bool) -> None:
    gvisor, said = find_gvisor(answers(), which(), rootless=rootless)
    assert gvisor is None
    assert "sudo apt install runsc" in said.en


def test_without_root_it_has_no_limits() -> None:
    gvisor, said = find_gvisor(answers(), which("runsc"), rootless=True)
    assert gvisor is None
    assert "as root" in said.en


def test_one_that_does_not_run_is_told_with_its_words() -> None:
    def ask(argv: list[str], _: float) -> Reply:
        return VERSION if "--version" in argv else Reply(1, "", "no \x1b ptrace")

    gvisor, said = find_gvisor(ask, which("runsc"), rootless=False)
    assert gvisor is None
    assert r"no \x1b ptrace" in said.en


@pytest.mark.parametrize(
    ("runtimes", "named", "advice"),
    [
        (None, None, "runsc install"),
        ({"runc": {"path": "runc"}}, None, "runsc install"),
        ({"gv": {"path": "/usr/bin/runsc"}}, None, "network of its own"),
        ({"gv": {"path": "/x/runsc", "runtimeArgs": ["-network=none"]}}, "gv", "works"),
    ],
)
def test_docker_is_told_of_it_by_its_owner(
    runtimes: dict[str, object] | None, named: str | None, advice: str
) -> None:
    gvisor, said = look_in_docker({"Runtimes": runtimes}, answers(runsc=VERSION), which("runsc"))
    assert (gvisor and gvisor.runtime) == named
    assert advice in said.en
