"""A small internet that the tests of this folder share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.rigs.net_world import World, world


@pytest.fixture(scope="module")
def internet() -> Iterator[World]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces are made with iproute2, as root")
    with world() as made:
        yield made
