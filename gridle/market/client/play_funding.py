"""Play money for a new requestor, from the practice that runs on this machine."""

from __future__ import annotations

import subprocess
import sys

from gridle.market.client.market_choice import running_practice
from gridle.market.protocol.ids import Address
from gridle.practice_home import practice_home

FUND_TIMEOUT_S = 60.0


def ask_practice_for_money(market_url: str, address: Address, value_units: int) -> bool:
    """Have `gridle practice fund` mint play money; tells whether it did.

    Only where `market_url` is the running practice's own; the practice is another room, so it
    is asked through its command line.
    """
    facts = running_practice(practice_home())
    if facts is None or facts.market_url.rstrip("/") != market_url.rstrip("/"):
        return False
    argv = [sys.executable, "-m", "gridle", "practice", "fund", address, str(value_units)]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=FUND_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
