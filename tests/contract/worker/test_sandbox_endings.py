"""How a container's end is told: whose fault it was, whatever the engine and its runtime say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.protocol.manifest import ContainerRuntime
from gridle.worker.sandbox.port import Ending
from tests.contract.worker.conftest import SMALL, ContainerKind, Rig, container_rig
from tests.rigs import container_engines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(params=container_engines.KINDS)
def containers(
    request: pytest.FixtureRequest,
    container_kind: Callable[[str], ContainerKind],
    tmp_path: Path,
) -> Rig:
    return container_rig(container_kind(request.param), tmp_path)


def test_a_command_that_the_image_lacks_is_the_requestors_fault(containers: Rig) -> None:
    assert isinstance(containers.runtime, ContainerRuntime)
    lacking = replace(
        containers, runtime=ContainerRuntime(containers.runtime.image_sha256, ("/no",))
    )
    outcome = lacking.start().outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert "cannot run the command '/no'" in outcome.explanation.en


@pytest.mark.parametrize("status", ["125", "126", "127"])
def test_a_status_that_engines_use_too_is_still_the_tasks(containers: Rig, status: str) -> None:
    outcome = containers.start("exit", status).outcome()
    assert outcome.ending is Ending.FAILED
    assert outcome.explanation is not None
    assert f"exit status {status}" in outcome.explanation.en


@pytest.mark.parametrize("word", ["podman", "podman-gvisor"])
def test_memory_beyond_the_limit_is_called_so(
    container_kind: Callable[[str], ContainerKind], tmp_path: Path, word: str
) -> None:
    """Docker has no record of it in control groups of version 1: a plain status 137 there."""
    rig = container_rig(container_kind(word), tmp_path)
    outcome = rig.start("allocate", resources=SMALL).outcome()
    assert outcome.explanation is not None
    assert "more memory than its manifest names" in outcome.explanation.en
