"""The folders of a practice, all under its home."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from gridle.practice_home import FACTS_NAME


@dataclass(frozen=True)
class Places:
    """Where each process of the practice keeps its files."""

    home: Path

    @property
    def chain(self) -> Path:
        """The chain's blocks and its deployer's key."""
        return self.home / "chain"

    @property
    def market(self) -> Path:
        """The service's database, blobs and keys."""
        return self.home / "market"

    @property
    def requestor(self) -> Path:
        """The sample requestor's profile."""
        return self.home / "requestor"

    @property
    def worker(self) -> Path:
        """The worker's home."""
        return self.home / "worker"

    @property
    def wallet(self) -> Path:
        """The provider's keystore, with its password beside it: it guards play money."""
        return self.home / "wallet"

    @property
    def results(self) -> Path:
        """What the sample requestor put together, a folder a job."""
        return self.home / "results"

    @property
    def facts(self) -> Path:
        """How others find the running practice."""
        return self.home / FACTS_NAME

    @property
    def lock(self) -> Path:
        """Held while a practice runs here."""
        return self.home / "practice.lock"

    def app_command(self) -> list[str]:
        """How to open the app on this practice."""
        return [
            *(sys.executable, "-m", "gridle", "app"),
            *("--worker-home", str(self.worker), "--practice", str(self.home)),
        ]

    def log(self, name: str) -> Path:
        """The log of one child."""
        return self.home / "logs" / f"{name}.log"
