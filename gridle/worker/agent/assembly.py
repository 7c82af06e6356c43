"""Puts the agent's own parts together; each knows those that it is made of and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridle.worker.agent.consents import Consents
from gridle.worker.agent.economy import Economy
from gridle.worker.agent.events import Event
from gridle.worker.agent.governor import Governor
from gridle.worker.agent.market_flow import MarketFlow
from gridle.worker.agent.parting import Parting
from gridle.worker.agent.parts import TASKS_NAME, Parts
from gridle.worker.agent.reporter import Reporter
from gridle.worker.agent.roster import Roster
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.saving import Saving
from gridle.worker.agent.state_runner import Folders, StateRunner
from gridle.worker.agent.task_data import TaskData
from gridle.worker.agent.task_flow import TaskFlow
from gridle.worker.sandbox.checkpoint_store import CheckpointStore


@dataclass(frozen=True)
class Assembly:
    """One agent's parts. Only its thread calls them."""

    roster: Roster
    runner: Runner
    states: StateRunner
    saving: Saving
    economy: Economy
    reporter: Reporter
    governor: Governor
    consents: Consents
    parting: Parting
    tasks: TaskFlow
    market: MarketFlow


def assemble(parts: Parts, put: Callable[[Event], None]) -> Assembly:
    """Return the parts of an agent whose events `put` takes, from any thread."""
    ledger, source = parts.ledger, parts.source
    folders = Folders(parts.home / TASKS_NAME, parts.home / "results")
    store = CheckpointStore(parts.home / "checkpoints", parts.clock)
    data = TaskData(source)
    roster = Roster(ledger)
    runner = Runner(parts.sandboxes, source, folders, store, parts.supply, data, put)
    states = StateRunner(store, data, folders, put)
    saving = Saving(roster, states, ledger)
    economy = Economy(parts.home, ledger, parts.limits.electricity)
    reporter = Reporter(ledger, source, roster, parts.node, parts.new_salt, economy)
    consents = Consents(ledger)
    parting = Parting(roster, runner, reporter, saving)
    tasks = TaskFlow(roster, runner, reporter, economy, saving, parting)
    return Assembly(
        roster=roster,
        runner=runner,
        states=states,
        saving=saving,
        economy=economy,
        reporter=reporter,
        governor=Governor(parts, economy),
        consents=consents,
        parting=parting,
        tasks=tasks,
        market=MarketFlow(
            parts.market_url, ledger, roster, runner, reporter, tasks, parting, consents
        ),
    )
