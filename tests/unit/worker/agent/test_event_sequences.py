"""A thousand random days through the real agent: within every limit, steady, and explained.

The agent, its policy and its state machines are the real ones; the machine is simulated, so that
suspends, clock jumps and hours pass at once. What must hold is said anew here, from the owner's
point of view, and not taken from the policy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest

from gridle.worker.ipc.messages import FinishWork, PauseWork, SetLimits, StartWork, WorkerState
from gridle.worker.policy.allowance import ReasonCode
from gridle.worker.policy.limits import Budget, MiB
from gridle.worker.policy.tariff import Tariff
from gridle.worker.tariff_files import load_tariff
from tests.fakes.market_stub import StubMarket
from tests.rigs.agent_rig import AgentRig
from tests.rigs.simulated_machine import CALM, ZONE, SimulatedMachine
from tests.rigs.worker_jobs import lease, manifest

SEQUENCES_EACH = 100
EVENTS = 12
HOLD_S = {
    ReasonCode.OTHERS_BUSY: 10.0,
    ReasonCode.MEMORY_SHORT: 10.0,
    ReasonCode.EXCLUSIVE_PROGRAM: 5.0,
    ReasonCode.WATCHED: 10.0,
}
"""For so long a guard must hold after its cause was last there."""


@dataclass
class Watch:
    """What an owner would write down while watching."""

    caused_at: dict[ReasonCode, float] = field(default_factory=dict)
    started: bool = True
    paused_until_s: float | None = None
    """By the awake clock and sleep, not by the calendar; infinite until Start."""


@pytest.fixture(params=range(10))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[AgentRig, int]]:
    market = StubMarket()
    rig = AgentRig(tmp_path, market, SimulatedMachine(request.param)).begin()
    yield rig, request.param
    rig.end()


def test_no_sequence_of_events_passes_a_limit_flaps_or_goes_unexplained(
    rig: tuple[AgentRig, int],
) -> None:
    agent, number = rig
    job = manifest(*[("sleep",)] * 4)
    worked = 0
    for sequence in range(SEQUENCES_EACH):
        machine = agent.machine
        _begin_anew(agent, machine)
        for index in range(2):
            place = number * 1_000_000 + sequence * 10 + index
            agent.market.offer(lease(job, place, index), job)
        watch = Watch()
        for _ in range(EVENTS):
            _happen(agent, machine, watch)
            state = _settled_state(agent, machine)
            _check(state, machine, watch)
            worked += state.allowed_cores > 0
        _check_tasks(agent)
    # a test in which nothing ever runs would prove nothing
    assert SEQUENCES_EACH < worked < SEQUENCES_EACH * EVENTS


def _begin_anew(agent: AgentRig, machine: SimulatedMachine) -> None:
    machine.readings = CALM
    machine.limits = machine.any_limits()
    agent.ask(StartWork())
    _settled_state(agent, machine)
    machine.wait(60.0)  # lets every guard go
    _settled_state(agent, machine)


def _happen(agent: AgentRig, machine: SimulatedMachine, watch: Watch) -> None:
    name = machine.random.choice(
        (*machine.events, *["calm"] * 8, "pause", *["start"] * 4, "finish", "tariff")
    )
    match name:
        case "calm":
            machine.readings = CALM
            machine.wait(machine.random.choice((1.0, 20.0)))
        case "pause":
            for_s = machine.random.choice((None, 30.0, 3600.0))
            agent.ask(PauseWork(for_s))
            boot_s = machine.clocks().boot_s
            watch.paused_until_s = float("inf") if for_s is None else boot_s + for_s
        case "start":
            agent.ask(StartWork())
            watch.paused_until_s = None
        case "finish":
            agent.ask(FinishWork())
        case "tariff":
            machine.limits = msgspec.structs.replace(
                machine.limits, electricity=machine.any_limits().electricity
            )
            agent.ask(SetLimits(machine.limits))
        case _:
            machine.events[name]()


def _settled_state(agent: AgentRig, machine: SimulatedMachine) -> WorkerState:
    """Return the state that follows the machine as it is: the second answer comes after it."""
    agent.probes.become(machine.readings)
    agent.ask(SetLimits(machine.limits))
    return agent.state


def _check(state: WorkerState, machine: SimulatedMachine, watch: Watch) -> None:
    assert state.reasons
    assert all(reason.sentence.en and reason.sentence.zh for reason in state.reasons)
    assert state.reason.sentence.en
    codes = {reason.code for reason in state.reasons}
    _check_holds(codes, machine, watch)
    if state.allowed_cores == 0:
        return
    budgets = _budgets(machine)
    assert budgets, "it works while its owner uses the machine"
    assert state.allowed_cpu_percent <= max(each.cpu_percent for each in budgets)
    assert state.allowed_cores <= max(each.cores for each in budgets)
    _check_price(codes, machine)
    _check_machine(machine, max(each.cpu_max_c for each in budgets))
    _check_time(machine, watch)


def _budgets(machine: SimulatedMachine) -> list[Budget]:
    """Return the budgets that may apply; none where the owner's use pauses work."""
    limits, readings = machine.limits, machine.readings
    idle_s = readings.seconds_since_input
    touched = idle_s is not None and idle_s < (
        min(15, limits.idle_after_s) if readings.session_locked else limits.idle_after_s
    )
    film = bool(readings.attention) and not readings.session_locked
    if not (touched or film or readings.session_unseen):
        return [limits.while_away, *([] if limits.pause_when_used else [limits.while_in_use])]
    return [] if limits.pause_when_used else [limits.while_in_use]


def _check_machine(machine: SimulatedMachine, hottest_c: float) -> None:
    limits, readings = machine.limits, machine.readings
    assert limits.run_on_battery or not readings.on_battery
    if readings.on_battery:
        assert (readings.battery_percent or 0) >= limits.battery_least_percent
    assert not readings.power_saver
    assert (readings.cpu_temperature_c or 0) < hottest_c
    most_load = limits.foreign_cpu_max_percent
    assert most_load == 100 or readings.foreign_cpu_percent <= most_load
    assert (readings.memory_pressure_percent or 0) <= limits.memory_pressure_max_percent
    assert readings.exclusive_program is None
    assert (readings.free_disk_bytes or 0) >= limits.disk_keep_free_mib * MiB


def _check_time(machine: SimulatedMachine, watch: Watch) -> None:
    now = machine.clock()
    local = datetime.fromtimestamp(now, ZONE)
    assert machine.limits.hours[local.weekday()][local.hour] == "#"
    until_s = watch.paused_until_s
    # a pause ends by time that really passed; a look may come a little late
    assert until_s is None or machine.clocks().boot_s >= until_s - 2.5


def _check_price(codes: set[ReasonCode], machine: SimulatedMachine) -> None:
    """An owner who waits for cheap hours is told so outside them, and only there."""
    electricity = machine.limits.electricity
    waits = False
    if electricity.tariff and electricity.wait_for_cheap_hours:
        price = _tariff(electricity.tariff).price_at(machine.clock())
        waits = price.cheap_at is not None
    assert (ReasonCode.WAITING_FOR_CHEAP_HOURS in codes) == waits


@cache
def _tariff(name: str) -> Tariff:
    return load_tariff(name, Path("/nowhere"))


def _check_holds(codes: set[ReasonCode], machine: SimulatedMachine, watch: Watch) -> None:
    """A guard that was caused stays for its hold: no flapping."""
    readings, limits, awake_s = machine.readings, machine.limits, machine.clocks().awake_s
    most_load = limits.foreign_cpu_max_percent
    causes = {
        ReasonCode.OTHERS_BUSY: most_load < 100 and readings.foreign_cpu_percent > most_load,
        ReasonCode.MEMORY_SHORT: (readings.memory_pressure_percent or 0)
        > limits.memory_pressure_max_percent,
        ReasonCode.EXCLUSIVE_PROGRAM: readings.exclusive_program is not None,
    }
    for code, is_there in causes.items():
        if is_there:
            watch.caused_at[code] = awake_s
            assert code in codes
        elif code in watch.caused_at and awake_s - watch.caused_at[code] < HOLD_S[code] - 0.1:
            assert code in codes


def _check_tasks(agent: AgentRig) -> None:
    """What tasks may really use follows the allowance."""
    deadline = time.monotonic() + 10
    most = agent.state.allowed_cores * agent.state.allowed_cpu_percent
    while agent.sandbox.used_percent() > most + 1e-6:
        assert time.monotonic() < deadline, (agent.sandbox.used_percent(), most)
        threading.Event().wait(0.005)
