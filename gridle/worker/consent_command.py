"""`gridle worker jobs`, `answer` and `publisher`: what may run here, and the owner's word on it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import Address, JobId
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import AnswerJob, Command, JudgePublisher
from gridle.worker.job_text import job_lines
from gridle.worker.policy.consent import Answer

_JUDGEMENTS: Final = {"trust": Answer.ALWAYS, "block": Answer.NEVER, "forget": None}


def add_to(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add these commands to the worker's."""
    add("jobs", "show the jobs offered lately, and what each may do here").add_argument(
        "--json", action="store_true"
    )
    answer = add("answer", "let a job run once, or its publisher's like it always or never")
    answer.add_argument("job", metavar="JOB")
    answer.add_argument("answer", choices=tuple(each.value for each in Answer))
    publisher = add("publisher", "trust or block whoever publishes from an address")
    publisher.add_argument("what", choices=tuple(_JUDGEMENTS))
    publisher.add_argument("address", metavar="ADDRESS")


def carry_out(home: Path, options: argparse.Namespace) -> tuple[str, ...]:
    """Show, or tell the running worker; returns the lines to print.

    Raises:
        GridleError: what was given is malformed, or no worker runs here.
    """
    match options.command:
        case "jobs":
            return _shown(home, as_json=options.json)
        case "answer":
            _tell(home, AnswerJob(_job_id(options.job), Answer(options.answer)))
        case _:
            judgement = _JUDGEMENTS[options.what]
            _tell(home, JudgePublisher(_address(options.address), judgement))
    return ()


def _tell(home: Path, command: Command) -> None:
    with WorkerClient(Endpoint(home), "cli") as worker:
        worker.ask(command)


def _shown(home: Path, *, as_json: bool) -> tuple[str, ...]:
    with WorkerClient(Endpoint(home), "cli") as worker:
        state = worker.state()
    if as_json:
        shown = {"jobs": state.jobs, "publishers": state.publishers}
        return (msgspec.json.encode(shown).decode(),)
    return tuple(job_lines(state))


def _job_id(untrusted: str) -> str:
    return _fitting(
        untrusted,
        JobId,
        InvalidInputError(
            f"'{untrusted}' is no job's name; `gridle worker jobs` lists them.",
            f"“{untrusted}” 不是作业编号；用 `gridle worker jobs` 查看。",
        ),
    )


def _address(untrusted: str) -> str:
    return _fitting(
        untrusted,
        Address,
        InvalidInputError(
            f"'{untrusted}' is no publisher's address: 0x and 40 hexadecimal digits.",
            f"“{untrusted}” 不是发布者地址：应为 0x 加 40 位十六进制数字。",
        ),
    )


def _fitting(untrusted: str, kind: object, misfit: InvalidInputError) -> str:
    try:
        return str(msgspec.convert(untrusted, kind))
    except msgspec.ValidationError as error:
        raise misfit from error
