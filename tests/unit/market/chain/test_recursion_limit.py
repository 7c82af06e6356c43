from __future__ import annotations

import subprocess
import sys

import pytest

DECODE = """
import {module}, msgspec
try:
    msgspec.json.decode(b"[" * 1_000_000)
except RecursionError:
    print("refused")
"""


@pytest.mark.parametrize(
    "module", ["gridle.market.service.bootstrap", "gridle.market.client.session"]
)
def test_nested_json_cannot_kill_a_process_that_knows_the_chain(module: str) -> None:
    code = DECODE.format(module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr
