"""The probes of this machine, put together."""

from __future__ import annotations

from gridle.worker.policy.readings import OurUse
from gridle.worker.probes.build import Probes
from gridle.worker.probes.machine.build import find_machine
from gridle.worker.probes.machine.cores import CoreKinds
from gridle.worker.probes.power.port import NoPower
from gridle.worker.probes.presence.user_input import AWAY, FixedInput


def test_readings_are_of_this_machine() -> None:
    machine = find_machine("a system of which nothing is known")
    probes = Probes(FixedInput(AWAY), machine, NoPower(), CoreKinds((0,), (1,)))
    probes.start(lambda: None)
    probes.look_for(("blender",))
    probes.watch_closely(runs=True, away=True)
    readings = probes.read(OurUse(volume_bytes=7))
    probes.close()
    assert readings.cores >= 1
    assert readings.free_memory_bytes > 0
    assert not readings.session_unseen
    assert (readings.volume_bytes, readings.power_w) == (7, None)
    assert (readings.performance_cores, readings.efficiency_cores) == ((0,), (1,))
