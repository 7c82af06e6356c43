"""Random SIGKILLs of worker, hosts, containers and what holds them, over a running mix."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gridle.market.protocol.sentence import Sentence
from gridle.market.protocol.states import TaskState
from gridle.worker.sandbox.engine import Engine
from gridle.worker.sandbox.engine_search import find_engine
from tests.benchmarks.table import Row
from tests.rigs.chaos_market import INTERVAL_S, ChaosMarket
from tests.rigs.chaos_run import ORPHAN_LIMIT_S, ChaosRun, Tally
from tests.rigs.market_process import MarketRig, payout_of, start_chain

KILLS = int(os.environ.get("KILLS", "300"))
_STEPS = 30_000
_END_TIMEOUT_S = 300.0


def measure() -> Iterator[Row]:
    """Yield what came of the kills; every figure but the first is to be none, or small."""
    with tempfile.TemporaryDirectory(prefix="gridle-bench-") as name:
        folder = Path(name)
        rig = MarketRig(folder, start_chain(folder / "chain"))
        try:
            yield from _disturbed(rig, folder)
        finally:
            rig.market.end()
            rig.chain.end()


def _disturbed(rig: MarketRig, folder: Path) -> Iterator[Row]:
    found = find_engine()
    engine = found if isinstance(found, Engine) else None
    if isinstance(found, Sentence):
        sys.stderr.write(f"WebAssembly alone: {found.en}\n")
    market = ChaosMarket(rig, engine, _STEPS, folder)
    run = ChaosRun(folder / "worker", rig.url, payout_of(1), seed=KILLS)
    try:
        while sum(run.tally.kills.values()) < KILLS:
            run.kill_once()
        run.finish(_END_TIMEOUT_S)
        market.cancel()
        yield from _rows(run, market)
    finally:
        market.close()


def _rows(run: ChaosRun, market: ChaosMarket) -> Iterator[Row]:
    tally: Tally = run.tally
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.kills.items()))
    done = market.counts().get(TaskState.AWARDED, 0)
    left, unsettled = run.left_behind(), run.unsettled()
    for line in (*left, *unsettled, *market.wrong):
        sys.stderr.write(f"left: {line}\n")
    yield Row("chaos_kills", sum(tally.kills.values()), "kills", f"{KILLS}", kinds)
    yield Row("chaos_tasks_done", done, "tasks", "> 0", "each right, as an undisturbed run")
    yield Row("chaos_left_behind", len(left), "things", "0", "BOINC: tasks that run for ever")
    yield Row("chaos_lost_results", len(unsettled), "results", "0", "-")
    yield Row("chaos_double_results", market.results_given_twice(), "results", "0", "-")
    yield Row("chaos_wrong_results", len(market.wrong), "results", "0", "-")
    limit = f"≤ {ORPHAN_LIMIT_S:g}"
    yield Row("chaos_orphan_worst_s", max(tally.orphan_s, default=0), "s", limit, "BOINC: 9.2", 9.2)
    lost = max(tally.lost_work_s, default=0.0)
    peer = f"one interval; {len(tally.lost_work_s)} tasks broken off"
    yield Row("chaos_lost_work_worst_s", lost, "CPU s", f"≤ {INTERVAL_S:g}", peer, INTERVAL_S)
