"""The practice told in the terminal, live: what the window shows, a line a change."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from gridle.market.client.amounts import money
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import WorkerState

RECONNECT_AFTER_S = 1.0


def follow_worker(worker_home: Path, ended: threading.Event) -> None:
    """Print each change of the worker's state that a person would notice, until `ended`."""

    def follow() -> None:
        told: tuple[str, ...] = ()
        while not ended.is_set():
            try:
                with WorkerClient(Endpoint(worker_home), "practice") as worker:
                    state = worker.state()
                    while not ended.is_set():
                        lines = (*notices(state), one_line(state))
                        for line in lines:
                            if line not in told:
                                sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
                        told = lines
                        state = worker.next_state()
            except GridleError:
                # Quiet for a while, or being started again: the supervisor tells of the latter.
                ended.wait(RECONNECT_AFTER_S)

    threading.Thread(target=follow, name="terminal", daemon=True).start()


def notices(state: WorkerState) -> tuple[str, ...]:
    """Say what keeps tasks of some kind waiting on this machine, and what to do about it."""
    waiting = (
        str(
            Sentence(
                f"Waiting ({runtime.kind}): {runtime.note.en}",
                f"等待中（{runtime.kind}）：{runtime.note.zh}",
            )
        )
        for runtime in state.runtimes
        if not runtime.works
    )
    return (*waiting, *map(str, state.warnings))


def one_line(state: WorkerState) -> str:
    """Say what the worker does, on how many tasks, and what it has earned, in one line."""
    chain = state.market.chain
    if chain is None:
        return str(state.market.note or state.reason.sentence)
    stages = (
        (Sentence("pending", "待确认"), state.earnings.pending_units),
        (Sentence("earned", "已赚得"), state.earnings.earned_units),
        (Sentence("paid", "已支付"), state.earnings.paid_units),
    )
    amounts = " → ".join(f"{name} {money(units, chain)}" for name, units in stages)
    return f"{state.reason.sentence}  [{len(state.tasks)}]  {amounts}"
