"""The probes of this machine, put together."""

from __future__ import annotations

from gridle.worker.probes.build import Probes
from gridle.worker.probes.machine.gpus import NoGpus
from gridle.worker.probes.presence.user_input import AWAY, FixedInput


def test_readings_are_of_this_machine() -> None:
    probes = Probes(FixedInput(AWAY), NoGpus())
    probes.start(lambda: None)
    readings = probes.read(our_cpu_s=0.0, our_memory_bytes=0)
    probes.close()
    assert readings.cores >= 1
    assert readings.free_memory_bytes > 0
    assert readings.gpus == ()
    assert not readings.session_unseen
