"""Everything that an owner has to know is said, in both languages."""

from __future__ import annotations

import msgspec
import pytest

from gridle.market.protocol.manifest import CheckpointRule, ContainerRuntime, Manifest, MiB
from gridle.worker.policy.explanation import Offer, explain
from tests.rigs.worker_jobs import PAYER, manifest


def told(job: Manifest, done: int = 0) -> str:
    return "\n".join(each.en for each in explain(Offer(job, PAYER, done), "1 T", "9 T"))


def test_a_plain_job_says_what_it_may_not() -> None:
    words = told(manifest(("echo",)))
    for part in (PAYER, "not worked before", "no network", "none of your files", "wiped", "1 T"):
        assert part.lower() in words.lower()


def test_a_known_publisher_is_told_by_its_record() -> None:
    assert "accepted 12 results" in told(manifest(("echo",)), 12)


def test_a_demanding_job_names_all_that_it_wants() -> None:
    job = manifest(("echo",))
    needs = msgspec.structs.replace(job.resources, gpus=2, memory_bytes=512 * MiB)
    more = msgspec.structs.replace(
        job,
        runtime=ContainerRuntime("a" * 64, ("/run",)),
        isolation="gvisor",
        data_class="sealed",
        network_allow=("a.example", "b.example"),
        resources=needs,
        checkpoint=CheckpointRule(format_version=1),
    )
    words = told(more)
    for part in (
        "gVisor",
        "sealed",
        "a.example, b.example",
        "2 graphics cards",
        "512 MiB",
        "state",
    ):
        assert part in words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_sentence_is_whole(language: str) -> None:
    for sentence in explain(Offer(manifest(("echo",)), PAYER, 0), "1 T", "9 T"):
        text = str(getattr(sentence, language))
        assert text.rstrip("。.") != "" or text == ""
        assert "{" not in text
