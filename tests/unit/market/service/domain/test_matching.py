from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.messages import LeaseRequest
from gridle.market.protocol.states import JobState
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.matching import (
    ELSEWHERE_FIRST_S,
    Asker,
    Obstacle,
    Offer,
    Seeker,
    match,
    obstacle,
)
from gridle.market.service.domain.task import Task
from gridle.market.service.domain.waiting import for_node, for_requestor

NODE = "aa" * 32
ASKER = Asker(NODE, 1000.0, others_seen=False)
REQUEST = LeaseRequest(("wasm",), 4, 8, 8 * 2**30)
SEEKER = Seeker(REQUEST)


def _job(number: int, **changes: object) -> Job:
    job = Job(
        job_id=f"job-{number:016x}",
        payer="0x" + "01" * 20,
        client_key="bb" * 32,
        order_digest=str(number),
        order_json="{}",
        manifest_sha256="cc" * 32,
        name="job",
        title="Job",
        runtime="wasm",
        price_units=10,
        task_count=10,
        reference_s=10.0,
        memory_bytes=2**30,
        cores=1,
        output_max_bytes=1,
        output_max_files=1,
        verdict_timeout_s=60.0,
        state=JobState.OPEN,
        version=1,
        served=0,
        created_at=float(number),
        deadline_at=1e9,
    )
    return replace(job, **changes)  # type: ignore[arg-type]  # fields by name


def _offer(job: Job, tasks: int = 10, *, is_funded: bool = True) -> Offer:
    made = tuple(Task(f"{job.job_id}.{i}", job.job_id, i) for i in range(tasks))
    return Offer(job, made, tasks, is_funded)


def test_jobs_take_turns_and_each_gives_its_oldest_task() -> None:
    found = match(SEEKER, [_offer(_job(1)), _offer(_job(2, served=1)), _offer(_job(3))], ASKER)
    assert [task.task_id.lstrip("job-0") for task in found.tasks] == ["1.0", "3.0", "2.0", "1.1"]


def test_tasks_take_cores_and_memory_from_what_is_free() -> None:
    request = msgspec.structs.replace(REQUEST, cores=3, slots=10)
    found = match(Seeker(request), [_offer(_job(1, cores=2)), _offer(_job(2))], ASKER)
    assert [task.job_id[-1] for task in found.tasks] == ["1", "2"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"runtime": "container"}, Obstacle.CONTAINER_ENGINE),
        ({"memory_bytes": 9 * 2**30}, Obstacle.MEMORY),
        ({"cores": 9}, Obstacle.CORES),
        ({"isolation": "gvisor"}, Obstacle.GVISOR),
        ({"needs_network": True}, Obstacle.NETWORK),
        ({"data_class": "sealed"}, Obstacle.SEALED),
        ({"gpus": 1}, Obstacle.GPUS),
    ],
)
def test_what_does_not_fit_waits_with_its_reason(changes: dict[str, object], why: Obstacle) -> None:
    found = match(SEEKER, [_offer(_job(1, **changes), 7)], ASKER)
    assert (found.tasks, found.waiting) == ((), {why: 7})


@pytest.mark.parametrize(
    "changes",
    [
        {"isolation": "gvisor"},
        {"needs_network": True},
        {"data_class": "sealed"},
        {"gpus": 2, "gpu_memory_bytes": 2**33},
        {"gpus": 0, "gpu_memory_bytes": 2**40},
    ],
)
def test_a_node_that_has_what_is_needed_gets_it(changes: dict[str, object]) -> None:
    request = msgspec.structs.replace(
        REQUEST, gvisor=True, network=True, gpus=2, gpu_memory_bytes=2**33
    )
    found = match(Seeker(request, has_sealing_key=True), [_offer(_job(1, **changes), 1)], ASKER)
    assert len(found.tasks) == 1


def test_cards_with_too_little_memory_do_not_fit() -> None:
    request = msgspec.structs.replace(REQUEST, gpus=1, gpu_memory_bytes=2**33)
    job = _job(1, gpus=1, gpu_memory_bytes=2**33 + 1)
    assert obstacle(job, Seeker(request)) is Obstacle.GPU_MEMORY


def test_a_job_without_consent_is_not_given() -> None:
    job = _job(1)
    request = msgspec.structs.replace(REQUEST, not_jobs=(job.job_id,))
    assert obstacle(job, Seeker(request)) is Obstacle.NO_CONSENT
    assert obstacle(job, Seeker(REQUEST)) is None


def test_tasks_take_cards_from_what_is_free() -> None:
    request = msgspec.structs.replace(REQUEST, gpus=3)
    found = match(Seeker(request), [_offer(_job(1, gpus=2)), _offer(_job(2, gpus=1))], ASKER)
    assert [task.job_id[-1] for task in found.tasks] == ["1", "2"]


@given(
    wants=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=5),
    cores=st.integers(1, 10),
    gpus=st.integers(0, 6),
)
def test_no_node_gets_more_than_it_has(wants: list[tuple[int, int]], cores: int, gpus: int) -> None:
    request = msgspec.structs.replace(REQUEST, cores=cores, gpus=gpus, slots=64)
    jobs = {
        job.job_id: job
        for job in (_job(n, cores=core, gpus=gpu) for n, (core, gpu) in enumerate(wants))
    }
    found = match(Seeker(request), [_offer(job) for job in jobs.values()], ASKER)
    given_out = [jobs[task.job_id] for task in found.tasks]
    assert sum(job.cores for job in given_out) <= cores
    assert sum(job.gpus for job in given_out) <= gpus


def test_every_obstacle_has_its_sentences() -> None:
    for each in Obstacle:
        assert "3" in for_node({each: 3}, any_open_job=True).zh
    sealed = _job(1, data_class="sealed")
    assert "sealed" in for_requestor(sealed, [SEEKER], is_funded=True).en


@given(
    price=st.integers(1, 2**63 - 1),
    reference_s=st.floats(0.001, 1e7),
    ask=st.integers(0, 2**63 - 1),
)
def test_a_node_never_works_below_its_ask(price: int, reference_s: float, ask: int) -> None:
    job = _job(1, price_units=price, reference_s=reference_s)
    request = msgspec.structs.replace(REQUEST, ask_units_per_core_hour=ask)
    hour_pay = job.rate_units_per_core_hour
    assert (obstacle(job, Seeker(request)) is Obstacle.PRICE) == (hour_pay < ask)


def test_a_failed_task_goes_elsewhere_first_but_not_for_ever() -> None:
    failed = Task("job-0.0", "job-0", 0, failed_node=NODE, failed_at=1000.0)
    offer = replace(_offer(_job(1), 0), tasks=(failed,), queued=1)
    others = replace(ASKER, others_seen=True)
    assert match(SEEKER, [offer], others).waiting == {Obstacle.ELSEWHERE_FIRST: 1}
    later = replace(others, now=1000.0 + ELSEWHERE_FIRST_S)
    assert match(SEEKER, [offer], later).tasks == (failed,)
    assert match(SEEKER, [offer], ASKER).tasks == (failed,)


def test_tasks_without_cover_are_held_back() -> None:
    found = match(SEEKER, [_offer(_job(1), 3, is_funded=False)], ASKER)
    assert (found.tasks, found.waiting) == ((), {Obstacle.UNFUNDED: 3})
