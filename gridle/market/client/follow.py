"""Follow one job to its end, judging results as they are revealed."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.client.checking import Checker
from gridle.market.client.key_courier import KeyCourier
from gridle.market.client.market_client import MarketClient
from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.market.protocol.ids import JobId
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.states import JobState, TaskState

WAIT_S = 20.0
RETRY_PAUSE_S = 2.0
JUDGE_S = 20.0
"""For so long results are judged before a node that waits for keys is looked for again."""


def follow(
    client: MarketClient,
    job_id: JobId,
    checker: Checker | None,
    courier: KeyCourier | None = None,
    *,
    on_change: Callable[[JobDetail], None],
    on_trouble: Callable[[GridleError], None],
    pause: Callable[[float], None],
) -> JobDetail:
    """Long-poll a job until it is over, handing out its keys; returns its last state.

    A market that does not answer, or a check that cannot run, is told to `on_trouble` and tried
    again after `pause`, without end.

    Raises:
        RefusedError: the market does not know the job, or not this requestor.
    """
    version = 0
    while True:
        try:
            detail = client.job(job_id, after=version, wait_s=WAIT_S if version else 0.0)
            on_change(detail)
            version = detail.version
            if courier is not None:
                courier.deliver(detail)
            if checker is not None:
                checker.judge_revealed(detail, limit_s=None if courier is None else JUDGE_S)
        except UnavailableError as error:
            on_trouble(error)
            version = 0
            pause(RETRY_PAUSE_S)
            continue
        if is_over(detail):
            return detail


def is_over(detail: JobDetail) -> bool:
    """Tell whether nothing of a job is left to do for its requestor."""
    waiting_for_us = any(task.state is TaskState.REVEALED for task in detail.tasks)
    return detail.status.state is not JobState.OPEN and not waiting_for_us
