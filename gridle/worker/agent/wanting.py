"""How much work of which kinds is wanted now, on top of what is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gridle.market.protocol.manifest import RuntimeKind
from gridle.worker.agent.assembly import Assembly
from gridle.worker.agent.division import capacity
from gridle.worker.ipc.messages import RuntimeView
from gridle.worker.policy.steadiness import gpu_id
from gridle.worker.sources.port import Capacity


class Wanting:
    """Only the agent's thread calls it."""

    def __init__(self, made: Assembly) -> None:
        self._governor = made.governor
        self._economy = made.economy
        self._consents = made.consents
        self._roster = made.roster
        self._parting = made.parting

    def capacity(self, runtimes: Sequence[RuntimeView], now: float) -> Capacity:
        """Return what to ask the market for; nothing while the price of power forbids it."""
        needs = [task.need for task in self._roster if task.takes_room]
        ask = self._economy.ask_units_per_core_hour(now)
        usable = [view for view in runtimes if self._is_usable(view.kind, now) and view.works]
        kinds = tuple(view.kind for view in usable)
        wanted = capacity(self._governor.allowance, needs, kinds, ask)
        if not self._economy.wants_work(now):
            wanted = replace(wanted, slots=0)
        gpus, gpu_memory_bytes = self._cards() if any(view.gpus for view in usable) else (0, 0)
        return replace(
            wanted,
            gvisor=any(view.gvisor for view in usable),
            network=self._governor.limits.tasks.network and any(view.network for view in usable),
            gpus=gpus,
            gpu_memory_bytes=gpu_memory_bytes,
            not_jobs=self._consents.left_out(),
        )

    def _is_usable(self, kind: RuntimeKind, now: float) -> bool:
        return self._parting.benched.get(kind, 0.0) <= now

    def _cards(self) -> tuple[int, int]:
        """Return how many cards are allowed and free, and the least memory of any of them."""
        taken = sum(task.need.gpus for task in self._roster if task.takes_room)
        allowed = self._governor.allowance.gpus
        sizes = [gpu.memory_bytes for gpu in self._governor.readings.gpus if gpu_id(gpu) in allowed]
        return max(0, len(allowed) - taken), min(sizes, default=0)
