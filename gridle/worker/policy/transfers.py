"""What may cross the network: speed, volume, and which networks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.limits import Budget, KiB, Limits, MiB
from gridle.worker.policy.readings import Readings


@dataclass(frozen=True)
class Transfers:
    """Bytes a second each way: None is no limit, 0 is nothing now; and why."""

    download_bytes_s: int | None
    upload_bytes_s: int | None
    reasons: tuple[Reason, ...]


def transfers(limits: Limits, budget: Budget, readings: Readings) -> Transfers:
    """Say how much may be fetched and sent now; computing goes on without."""
    reasons = tuple(_obstacles(limits, budget, readings))
    if reasons:
        return Transfers(0, 0, reasons)
    return Transfers(_speed(budget.download_kib_s), _speed(budget.upload_kib_s), ())


def _obstacles(limits: Limits, budget: Budget, readings: Readings) -> Iterator[Reason]:
    network = readings.network
    if network.metered and not limits.use_metered_network:
        yield Reason(ReasonCode.NETWORK_METERED, sentences.METERED)
    if network.connected and network.kind not in budget.networks:
        yield Reason(ReasonCode.NETWORK_KIND, sentences.NETWORK_KIND)
    most_bytes = limits.volume_mib_per_month * MiB
    if 0 < most_bytes <= readings.volume_bytes:
        yield Reason(ReasonCode.VOLUME_USED, sentences.VOLUME_USED)


def _speed(kib_s: int) -> int | None:
    return kib_s * KiB if kib_s > 0 else None
