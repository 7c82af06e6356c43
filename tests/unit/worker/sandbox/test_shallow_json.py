from __future__ import annotations

import pytest

from gridle.worker.sandbox.shallow_json import read_json


def test_what_is_sensible_is_read() -> None:
    assert read_json('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
    assert read_json("[" * 64 + "]" * 64) is not None


@pytest.mark.parametrize("text", ["", "{", "[" * 65 + "]" * 65, "[" * 10**6, '{"a":' * 10**5])
def test_anything_else_is_refused_and_ends_no_process(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)
