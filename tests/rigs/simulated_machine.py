"""A machine in simulated time, to which anything can happen; and a worker's agent on it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec

from gridle.worker.policy.limits import Budget, Limits, MiB, NetworkKind
from gridle.worker.policy.readings import (
    Attention,
    AttentionKind,
    Blindness,
    Network,
    Readings,
)
from gridle.worker.probes.machine.clock_watch import Clocks

ZONE: tzinfo = ZoneInfo("Asia/Shanghai")
NETWORKS: tuple[NetworkKind, ...] = ("wired", "wifi", "mobile")
TARIFFS = ("", "shanghai-large-industry-two-part-10-kv", "shanghai-agriculture-below-1-kv")
CALM = Readings(
    seconds_since_input=600.0,
    session_unseen=False,
    on_battery=False,
    battery_percent=90.0,
    foreign_cpu_percent=0.0,
    free_memory_bytes=8192 * MiB,
    cores=8,
    cpu_temperature_c=50.0,
    memory_pressure_percent=0.0,
    free_disk_bytes=2**36,
)


class SimulatedMachine:
    """Its clocks and readings; each event changes them as the real thing would."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not a secret
        # swapped whole, so that the agent's thread never sees half of a step
        self._now = Clocks(1_800_000_000.0 + self.random.uniform(0, 7 * 86400), 1000.0, 1000.0)
        self.readings = CALM
        self.limits = self.any_limits()
        self.events: dict[str, Callable[[], None]] = {
            "wait": lambda: self.wait(self.random.choice((0.5, 2.0, 15.0, 200.0))),
            "input": lambda: self.become(seconds_since_input=0.0),
            "lock": lambda: self.become(session_locked=not self.readings.session_locked),
            "film": self.film,
            "blind": self.blind,
            "plug": lambda: self.become(on_battery=not self.readings.on_battery),
            "charge": lambda: self.become(battery_percent=self.random.uniform(5, 100)),
            "power_saver": lambda: self.become(power_saver=not self.readings.power_saver),
            "heat": lambda: self.become(cpu_temperature_c=self.random.uniform(40, 105)),
            "load": lambda: self.become(foreign_cpu_percent=self.random.uniform(0, 100)),
            "pressure": lambda: self.become(memory_pressure_percent=self.random.uniform(0, 60)),
            "disk": lambda: self.become(free_disk_bytes=self.random.choice((2**28, 2**31, 2**36))),
            "network": self.network,
            "program": self.program,
            "schedule_edge": lambda: self.wait(3600 - self._now.real_s % 3600),
            "suspend": lambda: self.suspend(self.random.uniform(10, 30_000)),
            "clock_jump": lambda: self.jump(self.random.uniform(-90_000, 90_000)),
        }

    def clocks(self) -> Clocks:
        return self._now

    def clock(self) -> float:
        return self._now.real_s

    def become(self, **changes: object) -> None:
        self.readings = msgspec.structs.replace(self.readings, **changes)
        self.wait(0.2)

    def wait(self, seconds: float) -> None:
        self._pass(real_s=seconds, awake_s=seconds, boot_s=seconds)
        idle_s = self.readings.seconds_since_input
        if idle_s is not None:
            self.readings = msgspec.structs.replace(
                self.readings, seconds_since_input=idle_s + seconds
            )

    def suspend(self, seconds: float) -> None:
        self._pass(real_s=seconds, boot_s=seconds)

    def jump(self, seconds: float) -> None:
        self._pass(real_s=seconds)

    def _pass(self, real_s: float = 0.0, awake_s: float = 0.0, boot_s: float = 0.0) -> None:
        was = self._now
        self._now = Clocks(was.real_s + real_s, was.awake_s + awake_s, was.boot_s + boot_s)

    def film(self) -> None:
        shown = Attention(AttentionKind.FULLSCREEN, "film")
        self.become(attention=() if self.readings.attention else (shown,))

    def blind(self) -> None:
        unseen = not self.readings.session_unseen
        self.become(
            session_unseen=unseen,
            blindness=self.random.choice(list(Blindness)) if unseen else None,
            seconds_since_input=None if unseen else 300.0,
        )

    def network(self) -> None:
        kind = self.random.choice(NETWORKS)
        self.become(network=Network(kind=kind, metered=self.random.random() < 0.5))

    def program(self) -> None:
        self.become(exclusive_program=None if self.readings.exclusive_program else "blender")

    def any_limits(self) -> Limits:
        chance = self.random

        def budget() -> Budget:
            return Budget(
                cpu_percent=chance.randint(1, 100),
                cores=chance.randint(1, 8),
                memory_mib=chance.choice((64, 512, 4096)),
                cpu_max_c=chance.randint(60, 100),
                download_kib_s=chance.choice((0, 100)),
            )

        def day() -> str:
            return "".join(chance.choices("#.", (4, 1), k=24))

        limits = Limits(
            while_away=budget(),
            while_in_use=budget(),
            pause_when_used=chance.random() < 0.6,
            idle_after_s=chance.choice((1, 30, 120)),
            run_on_battery=chance.random() < 0.5,
            battery_least_percent=chance.randint(0, 80),
            foreign_cpu_max_percent=chance.choice((30, 60, 100)),
            hours=(day(), day(), day(), day(), day(), day(), day()),
        )
        electricity = msgspec.structs.replace(
            limits.electricity,
            tariff=chance.choice(TARIFFS),
            currency="CNY",
            token_value_micros=7_200_000,
            wait_for_cheap_hours=chance.random() < 0.3,
            may_lose=True,
        )
        return msgspec.structs.replace(limits, electricity=electricity)
