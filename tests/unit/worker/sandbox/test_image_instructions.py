from __future__ import annotations

import json

import pytest

from gridle.worker.sandbox.image_instructions import instructions, refused


@pytest.mark.parametrize("said", ["", "null", "{}", '{"org.opencontainers.image.title": "x"}'])
def test_descriptions_are_no_instructions(said: str) -> None:
    assert instructions(said) == []


@pytest.mark.parametrize(
    "name",
    ["run.oci.seccomp_bpf_data", "org.systemd.property.MemoryMax", "x", "ORG.opencontainers"],
)
def test_everything_else_is(name: str) -> None:
    assert instructions(json.dumps({name: "1", "org.opencontainers.image.url": "2"})) == [name]


@pytest.mark.parametrize("said", ["[]", "1", "{", "[" * 100_000, '"x"'])
def test_what_cannot_be_read_is_one(said: str) -> None:
    assert instructions(said) == ["?"]


def test_the_sentence_names_it_plainly() -> None:
    assert refused(["\x1b[2J"]).sentence.en.isprintable()
