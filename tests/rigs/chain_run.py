"""A practice chain running as its own process, for tests over its real door."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gridle.market.chain.hub import Hub
from gridle.market.protocol.eip712 import Domain


class ChainRun:
    """Starts on construction; `kill` and `end` stop it, and a new one continues the same home."""

    def __init__(self, home: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gridle.market.practice.chain_process",
                "--home",
                str(home),
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.facts = json.loads(line) if line else {}

    @property
    def rpc_url(self) -> str:
        return str(self.facts["rpc_url"])

    def hub(self) -> Hub:
        """Return a fresh connection to its hub."""
        return Hub([self.rpc_url], self.facts["hub"])

    def end(self) -> int:
        """Ask it to end; returns its exit status."""
        self.process.terminate()
        return self._closed()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._closed()

    def _closed(self) -> int:
        self.process.communicate(timeout=20)
        return self.process.returncode


def token_domain(hub: Hub) -> Domain:
    """Return the EIP-712 domain of the hub's token."""
    info = hub.token_info()
    return Domain(hub.chain_id(), hub.token(), info.name, info.version)
