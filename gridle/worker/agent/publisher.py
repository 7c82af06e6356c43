"""Shows the newest state to whoever watches, and only where something changed."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.assembly import Assembly
from gridle.worker.agent.parts import Parts
from gridle.worker.agent.ports import OnState
from gridle.worker.agent.view import ElectricityNow, Facts, task_view, worker_state
from gridle.worker.ipc.messages import RuntimeView, WorkerState


class Publisher:
    """Only the agent's thread calls it."""

    def __init__(self, parts: Parts, made: Assembly, on_state: OnState) -> None:
        self._parts = parts
        self._from = made
        self._on_state = on_state
        self._state: WorkerState | None = None

    def publish(
        self, runtimes: tuple[RuntimeView, ...], trouble: Sentence | None, now: float
    ) -> None:
        """Put the state together as it is at `now`, and hand it on if it is another."""
        parts, governor, economy = self._parts, self._from.governor, self._from.economy
        midnight = local_midnight(now, parts.zone())
        notes = (*parts.warnings, economy.fault, trouble, *self._from.parting.warnings)
        state = worker_state(
            Facts(
                allowance=governor.allowance,
                tasks=tuple(task_view(task) for task in self._from.roster),
                earnings=self._from.market.earnings(midnight),
                limits=governor.limits,
                market=self._from.market.view(),
                runtimes=runtimes,
                gpus=governor.readings.gpus,
                payout_address=parts.payout_address,
                cores=parts.cores,
                memory_bytes=parts.memory_bytes,
                warnings=tuple(note for note in notes if note is not None),
                electricity=ElectricityNow(
                    governor.readings.power_w,
                    economy.price(now) if economy.has_price else None,
                    governor.limits.electricity.currency,
                    economy.today(midnight),
                ),
                jobs=self._from.consents.jobs(),
                publishers=self._from.consents.publishers(),
                waits_for_price=self._from.tasks.waits_for_price(now),
            )
        )
        if state != self._state:
            self._state = state
            self._on_state(state)


def local_midnight(now: float, zone: tzinfo) -> float:
    """Return when the owner's today began, in Unix seconds."""
    here = datetime.fromtimestamp(now, UTC).astimezone(zone)
    return here.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
