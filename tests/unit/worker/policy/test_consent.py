"""Standing answers decide; what wants more than computing is asked about."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.policy.consent import (
    ANY_CLASS,
    Answer,
    Ruling,
    Subject,
    job_class,
    ruling,
    subject,
)
from tests.rigs.worker_jobs import manifest

WHO, OTHER = "0x" + "Ab" * 20, "0x" + "cd" * 20
JOB = "job-00000000000000aa"
CLASSES = ("public", "sealed", "public+network", "sealed+network+cards")
ANSWERS = st.dictionaries(
    st.builds(
        Subject,
        st.sampled_from([WHO.lower(), OTHER]),
        st.sampled_from([*CLASSES, ANY_CLASS, JOB]),
    ),
    st.sampled_from(Answer),
)


def test_a_class_tells_data_network_and_cards_apart() -> None:
    job = manifest(("echo",))
    assert job_class(job) == "public"
    needs = msgspec.structs.replace(job.resources, gpus=1)
    more = msgspec.structs.replace(
        job, data_class="sealed", network_allow=("a.example",), resources=needs
    )
    assert job_class(more) == "sealed+network+cards"


@pytest.mark.parametrize(
    ("mode", "a_class", "what"),
    [
        ("never", "public+network", Ruling.RUN),
        ("special", "public", Ruling.RUN),
        ("special", "sealed", Ruling.RUN),
        ("special", "public+network", Ruling.ASK),
        ("always", "public", Ruling.ASK),
    ],
)
def test_without_an_answer_the_mode_decides(mode: str, a_class: str, what: Ruling) -> None:
    assert ruling({}, mode, WHO, JOB, a_class) is what  # type: ignore[arg-type] # each is a mode


@given(ANSWERS, st.sampled_from(["never", "special", "always"]), st.sampled_from(CLASSES))
def test_a_blocked_publisher_never_runs(
    answers: dict[Subject, Answer], mode: str, a_class: str
) -> None:
    blocked = {**answers, Subject(WHO.lower(), ANY_CLASS): Answer.NEVER}
    assert ruling(blocked, mode, WHO, JOB, a_class) is Ruling.REFUSE  # type: ignore[arg-type] # each is a mode


@given(ANSWERS, st.sampled_from(CLASSES), st.sampled_from(Answer))
def test_an_answer_settles_its_own_question_and_no_other_publishers(
    answers: dict[Subject, Answer], a_class: str, answer: Answer
) -> None:
    mine = {one: said for one, said in answers.items() if one.publisher != WHO.lower()}
    assert ruling(mine, "always", WHO, JOB, a_class) is Ruling.ASK
    after = {**mine, subject(WHO, JOB, a_class, answer): answer}
    wanted = Ruling.REFUSE if answer is Answer.NEVER else Ruling.RUN
    assert ruling(after, "always", WHO, JOB, a_class) is wanted
    next_job = ruling(after, "always", WHO, "job-00000000000000bb", a_class)
    assert next_job is (Ruling.ASK if answer is Answer.ONCE else wanted)
