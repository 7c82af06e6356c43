"""States of a worker, as its snapshots would carry them."""

from __future__ import annotations

from typing import Any

from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import (
    Activity,
    Earnings,
    MarketView,
    RuntimeView,
    TaskView,
    WorkerState,
    WorkerTaskState,
)
from gridle.worker.policy import sentences
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.limits import default_limits

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
MACHINE_BYTES = 16 * 2**30
CHAIN = ChainInfo(
    chain_id=1337,
    # Port 9 discards: the balance cannot be read, which the app has to bear.
    rpc_url="http://127.0.0.1:9",
    hub=ADDRESS,
    token=ADDRESS,
    token_symbol="pUSD",
    token_decimals=6,
    is_play_money=True,
)
AWAY = Reason(ReasonCode.AWAY, sentences.AWAY)
IN_USE = Reason(ReasonCode.IN_USE, sentences.in_use_paused(120), 1_800_000_000.0)
STOPPED = Reason(ReasonCode.STOPPED_BY_OWNER, sentences.STOPPED)
NO_ENGINE = Sentence(
    "Container tasks wait: no container engine is installed. Install Podman.",
    "容器任务正在等待：没有安装容器引擎。请安装 Podman。",
)


def task(number: int = 0, progress: float | None = 0.42, **changes: object) -> TaskView:
    """Return a running task."""
    facts: dict[str, Any] = {
        "lease_id": f"lease-{number:024x}",
        "task_id": f"job-00000000000000aa.{number}",
        "job_id": "job-00000000000000aa",
        "title": "Value at risk",
        "summary": "Monte-Carlo loss distribution of a portfolio",
        "runtime": "wasm",
        "state": WorkerTaskState.RUNNING,
        "price_units": 12_300,
        "progress": progress,
        "cpu_s": 3.5,
        "started_at": 1_799_999_000.0,
    }
    return TaskView(**{**facts, **changes})


def worker_state(**changes: object) -> WorkerState:
    """Return a worker at work; `changes` replace its fields."""
    facts: dict[str, Any] = {
        "activity": Activity.WORKING,
        "reason": AWAY,
        "allowed_cpu_percent": 80,
        "allowed_cores": 4,
        "tasks": (task(0), task(1, 0.9, title="Cancer screening", runtime="container")),
        "earnings": Earnings(
            pending_units=24_600,
            earned_units=36_900,
            paid_units=1_230_000,
            today_units=1_266_900,
            tasks_done=103,
        ),
        "limits": default_limits(4, MACHINE_BYTES),
        "market": MarketView(url="http://127.0.0.1:9", connected=True, note=None, chain=CHAIN),
        "runtimes": (
            RuntimeView("wasm", works=True, note=Sentence("Works.", "可用。")),
            RuntimeView("container", works=False, note=NO_ENGINE),
        ),
        "gpus": (),
        "payout_address": ADDRESS,
        "machine_cores": 8,
        "machine_memory_bytes": MACHINE_BYTES,
        "warnings": (),
    }
    return WorkerState(**{**facts, **changes})
