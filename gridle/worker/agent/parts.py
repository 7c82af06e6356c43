"""Everything that the agent stands on; bootstrap makes it, and tests make it of fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from gridle.market.protocol.ids import Address, PublicKey, Sha256
from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.ports import MachineProbes, TaskNetwork
from gridle.worker.images.supply import ImageSupply
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.limits import Limits
from gridle.worker.probes.machine.clock_watch import Clocks
from gridle.worker.sandbox.port import Sandbox
from gridle.worker.sources.port import Source

TASKS_NAME = "tasks"
"""The folder of the home in which each live task has its own."""


@dataclass(frozen=True)
class Parts:
    """What one agent works with."""

    home: Path
    ledger: Ledger
    source: Source
    sandboxes: Mapping[RuntimeKind, Sandbox]
    supply: ImageSupply
    hold_images: Callable[[frozenset[Sha256]], None]
    """Says which images no quota may take away."""
    task_network: TaskNetwork | None
    """None where no sandbox here can give a task any."""
    probes: MachineProbes
    limits: Limits
    save_limits: Callable[[Limits], None]
    node: PublicKey
    market_url: str
    payout_address: Address
    cores: int
    memory_bytes: int
    warnings: tuple[Sentence, ...]
    clock: Callable[[], float]
    """Unix seconds, UTC."""
    clocks: Callable[[], Clocks]
    zone: Callable[[], tzinfo]
    """The owner's time zone now: people travel."""
    new_salt: Callable[[], Sha256]
