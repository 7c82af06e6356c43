"""The practice told in the terminal, live: what the window shows, a line a change."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from gridle.market.client.amounts import money
from gridle.market.protocol.errors import GridleError
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import WorkerState

RECONNECT_AFTER_S = 1.0


def follow_worker(worker_home: Path, ended: threading.Event) -> None:
    """Print each change of the worker's state that a person would notice, until `ended`."""

    def follow() -> None:
        told = ""
        while not ended.is_set():
            try:
                with WorkerClient(Endpoint(worker_home), "practice") as worker:
                    state = worker.state()
                    while not ended.is_set():
                        if (line := one_line(state)) != told:
                            told = line
                            sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
                        state = worker.next_state()
            except GridleError:
                # Quiet for a while, or being started again: the supervisor tells of the latter.
                ended.wait(RECONNECT_AFTER_S)

    threading.Thread(target=follow, name="terminal", daemon=True).start()


def one_line(state: WorkerState) -> str:
    """Say what the worker does, on how many tasks, and what it has earned, in one line."""
    chain = state.market.chain
    if chain is None:
        return str(state.market.note or state.reason.sentence)
    stages = (
        ("pending", state.earnings.pending_units),
        ("earned", state.earnings.earned_units),
        ("paid", state.earnings.paid_units),
    )
    amounts = " → ".join(f"{name} {money(units, chain)}" for name, units in stages)
    return f"{state.reason.sentence}  [{len(state.tasks)}]  {amounts}"
