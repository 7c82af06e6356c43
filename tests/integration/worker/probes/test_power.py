"""The power of the machine that runs the tests, where it can tell."""

from __future__ import annotations

import sys
import time

import pytest

from gridle.worker.probes.power.build import find_power
from gridle.worker.probes.power.port import NoPower


@pytest.mark.skipif(
    isinstance(find_power(sys.platform), NoPower),
    reason="no RAPL counter that may be read and no battery here",
)
def test_this_machine_draws_what_a_machine_draws() -> None:
    power = find_power(sys.platform)
    power.read()
    end_at = time.monotonic() + 1.0
    while time.monotonic() < end_at:
        pass  # busy on purpose: the counters must move
    watts = power.read()
    assert watts is None or 0.1 < watts < 2000, "None: the battery does not discharge"
