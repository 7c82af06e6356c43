from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import decode_manifest, encode_manifest


def manifest(**changes: object) -> bytes:
    plain: dict[str, object] = {
        "name": "demo",
        "title": "A demonstration",
        "summary": "Adds numbers.",
        "runtime": {"kind": "wasm", "module_sha256": "a" * 64},
        "resources": {"reference_s": 2.0},
        "price_units": 10,
        "deadline_s": 60,
        "tasks": [["1"], ["2"], ["3"]],
    }
    plain.update(changes)
    return json.dumps(plain).encode()


def test_a_manifest_survives_the_wire_and_sums_up_its_budget() -> None:
    first = decode_manifest(manifest())
    assert decode_manifest(encode_manifest(first)) == first
    assert first.budget_units == 30
    assert first.runtime_kind == "wasm"


@pytest.mark.parametrize(
    "changes",
    [
        {"price_units": 0},
        {"price_units": 1.5},
        {"tasks": []},
        {"tasks": [["x" * 5000]]},
        {"name": "Has Spaces"},
        {"unknown": 1},
        {"runtime": {"kind": "shell"}},
        {"runtime": {"kind": "wasm", "module_sha256": "latest"}},
        {"resources": {"reference_s": -1}},
        {"resources": {"reference_s": 1, "output_max_bytes": 2**40}},
        {"network_allow": ["example.org"]},
        {"data_class": "secret"},
        {"inputs": [{"name": "../x", "sha256": "b" * 64, "size_bytes": 1}]},
        {"inputs": [{"name": "x", "sha256": "b" * 64, "size_bytes": 1}] * 2},
        {"format_version": 2},
    ],
)
def test_a_wrong_manifest_is_refused_with_a_sentence(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        decode_manifest(manifest(**changes))
    assert refusal.value.sentence.zh


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode_manifest(noise)


@pytest.mark.parametrize("text", ["\x1b[31mred", "two\nlines", "evil\u202etxt", "ends\n"])
@pytest.mark.parametrize("field", ["title", "summary"])
def test_text_that_would_command_a_terminal_is_refused(field: str, text: str) -> None:
    with pytest.raises(InvalidInputError, match=field):
        decode_manifest(manifest(**{field: text}))


def test_a_digest_ends_where_it_ends() -> None:
    runtime = {"kind": "wasm", "module_sha256": "a" * 64 + "\n"}
    with pytest.raises(InvalidInputError, match="module_sha256"):
        decode_manifest(manifest(runtime=runtime))
