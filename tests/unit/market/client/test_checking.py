from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from gridle.market.client.checking import Checker, objection
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts, ScriptEnd
from gridle.market.protocol.archive import pack
from gridle.market.protocol.job_messages import JobDetail, JobStatus, TaskStatus, TaskVerdict
from gridle.market.protocol.manifest import Manifest, Resources, WasmRuntime
from gridle.market.protocol.sealing import JobKey, TaskKeys, seal_result
from gridle.market.protocol.states import JobState, TaskState

KEY = JobKey(bytes(range(32)))
JOB = "job-" + "0" * 16
MANIFEST = Manifest(
    name="job",
    title="Job",
    summary="A job.",
    runtime=WasmRuntime("0" * 64),
    resources=Resources(reference_s=1.0, output_max_bytes=100, output_max_files=1),
    price_units=1,
    deadline_s=60.0,
    tasks=(("a",), ("b",), ("c",)),
    data_class="sealed",
    result_key=KEY.result_key,
)


class Results:
    """A market client that has results, and notes verdicts."""

    def __init__(self, results: dict[str, bytes]) -> None:
        self._results = results
        self.verdicts: dict[str, TaskVerdict] = {}

    def download(self, sha256: str, target: Path, *, max_bytes: int) -> None:
        assert len(self._results[sha256]) <= max_bytes
        target.write_bytes(self._results[sha256])

    def judge(self, _job_id: str, verdicts: Sequence[TaskVerdict]) -> int:
        self.verdicts |= {each.task_id: each for each in verdicts}
        return len(verdicts)


def sealed(archive: bytes, keys: TaskKeys) -> bytes:
    writer = io.BytesIO()
    seal_result(io.BytesIO(archive), writer, keys, KEY.result_key)
    return writer.getvalue()


def detail(count: int) -> JobDetail:
    status = JobStatus(JOB, "job", "Job", JobState.OPEN, "wasm", "0" * 64, 1, 3, 0, {}, 0.0, 1.0)
    tasks = (
        TaskStatus(f"{JOB}.{i}", i, TaskState.REVEALED, 1, result_sha256=str(i) * 64)
        for i in range(count)
    )
    return JobDetail(status, tuple(tasks), 1)


def judged(*results: bytes, limit_s: float | None = None) -> list[TaskVerdict]:
    client = Results({str(i) * 64: result for i, result in enumerate(results)})
    checker = Checker(cast("MarketClient", client), OwnScripts(), MANIFEST, None, key=KEY)
    counted = checker.judge_revealed(detail(len(results)), limit_s=limit_s)
    assert counted == len(client.verdicts)
    return list(client.verdicts.values())


def test_a_sealed_result_is_opened_and_held_to_the_limits_of_its_plain_text() -> None:
    good, large = pack({"a": b"x" * 100}), pack({"a": b"x" * 101})
    two = pack({"a": b"", "b": b""})
    for archive, accepted in ((good, True), (large, False), (two, False), (b"rubbish", False)):
        (verdict,) = judged(sealed(archive, KEY.for_task(0)))
        assert verdict.accepted is accepted


def test_what_is_not_sealed_for_us_by_who_had_the_task_is_rejected() -> None:
    good = pack({"a": b"x"})
    forged = sealed(good, TaskKeys(bytes(32), bytes(32)))
    others = sealed(good, KEY.for_task(2))
    cut = sealed(good, KEY.for_task(0))[:-1]
    for result in (good, forged, others, cut, b""):
        (verdict,) = judged(result)
        assert not verdict.accepted
        assert verdict.reason


def test_after_its_time_the_rest_wait_for_the_next_look() -> None:
    good = [sealed(pack({"a": b"x"}), KEY.for_task(i)) for i in range(3)]
    assert len(judged(*good)) == 3
    assert len(judged(*good, limit_s=0.0)) == 1


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (ScriptEnd(0, "fine"), ""),
        (ScriptEnd(1, "the sums differ"), "the sums differ"),
        (ScriptEnd(2, ""), "The requestor's check ended with status 2 on this result."),
        (ScriptEnd(None, ""), "The requestor's check did not end within 5 seconds on this result."),
    ],
)
def test_only_status_zero_accepts(end: ScriptEnd, told: str) -> None:
    assert objection(end, 5.0) == told
