"""What goes wrong around a market: each is one sentence, a status, and nothing lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.rigs.market_process import MarketRig, market_arguments, start


def _fails(home: Path, rig: MarketRig, *more: str, rpc_url: str = "") -> tuple[int, str]:
    chain = {"hub": rig.chain.ready["hub"], "rpc_url": rpc_url or rig.rpc_url}
    done = subprocess.run(
        [sys.executable, "-m", *market_arguments(home, chain, *more)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_a_taken_port_is_said(rig: MarketRig, tmp_path: Path) -> None:
    port = rig.url.rpartition(":")[2]
    status, said = _fails(tmp_path, rig, "--port", port)
    assert (status, f"Port {port} is taken" in said) == (3, True)


def test_a_second_market_on_a_home_is_refused(rig: MarketRig) -> None:
    status, said = _fails(rig.folder / "market", rig)
    assert (status, "already runs" in said) == (4, True)


def test_a_silent_chain_is_said(rig: MarketRig, tmp_path: Path) -> None:
    status, said = _fails(tmp_path, rig, rpc_url="http://127.0.0.1:9")
    assert status == 3, said
    assert said.startswith("gridle: ")


@pytest.mark.parametrize("name", ["market.db", "delegate.key", "relayer.key"])
def test_a_damaged_file_is_left_as_it_is(rig: MarketRig, tmp_path: Path, name: str) -> None:
    damaged = b"this was a file of the market once " * 300
    (tmp_path / name).write_bytes(damaged)
    status, said = _fails(tmp_path, rig)
    assert status == 5, said
    assert name in said
    assert (tmp_path / name).read_bytes() == damaged


def test_sigterm_answers_the_long_polls_and_ends(rig: MarketRig, tmp_path: Path) -> None:
    market = start(*market_arguments(tmp_path, rig.chain.ready))
    keys = [tmp_path / "delegate.key", tmp_path / "relayer.key"]
    assert [key.stat().st_mode & 0o777 for key in keys] == [0o600, 0o600]
    node = rig.provider(88)
    node.url = str(market.ready["url"])
    node.enrol("0x" + "42" * 20)
    answers: list[object] = []
    asks = threading.Thread(target=lambda: answers.append(node.lease(wait_s=50).waiting))
    asks.start()
    # By the time that another party's wait is over, the market is inside the first one's.
    other = rig.provider(89)
    other.url = node.url
    other.enrol("0x" + "43" * 20)
    other.settlements(wait_s=0.5)
    begun = time.monotonic()
    market.popen.send_signal(signal.SIGTERM)
    assert market.popen.wait(20) == 0
    asks.join(20)
    assert time.monotonic() - begun < 15
    assert market.popen.stdout is not None
    market.popen.stdout.close()
    assert len(answers) == 1
