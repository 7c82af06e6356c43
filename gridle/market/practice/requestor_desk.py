"""The sample requestor's desk: takes accepted results home and puts them together."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gridle.market.client.collect import ACCEPTED, collect, combine
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.ids import JobId
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.manifest import Resources
from gridle.market.protocol.sealing import JobKey

PAUSE_S = 1.0
"""Results are put together at most this often."""


@dataclass(frozen=True)
class Paper:
    """The newest state of a job, and what to do with its results."""

    detail: JobDetail
    resources: Resources
    script: Path | None
    key: JobKey | None = None
    """Of a sealed job."""


class Desk:
    """One daemon thread for all jobs; whatever comes in while it works is done in one go."""

    def __init__(
        self,
        client: MarketClient,
        scripts: OwnScripts,
        raw: Path,
        results: Path,
        on_trouble: Callable[[GridleError], None],
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._raw = raw
        self._results = results
        self._on_trouble = on_trouble
        self._papers: dict[str, Paper] = {}
        self._combined: dict[JobId, int] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def put(self, paper: Paper) -> None:
        """Replace a job's paper by a newer one."""
        with self._changed:
            self._papers[paper.detail.status.name] = paper
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._papers))
                papers, self._papers = self._papers, {}
            for paper in papers.values():
                try:
                    self._do(paper)
                except GridleError as error:
                    self._on_trouble(error)
                    self._keep(paper)
            time.sleep(PAUSE_S)

    def _do(self, paper: Paper) -> None:
        status = paper.detail.status
        folder = self._raw / status.name / status.job_id
        self._drop_older(folder)
        collect(self._client, paper.detail, paper.resources, folder, paper.key)
        have = sum(task.state in ACCEPTED for task in paper.detail.tasks)
        known = self._combined.get(status.job_id, 0)
        # Also after a restart, since the last results may not have been put together.
        if have > known and paper.script is not None:
            self._combined[status.job_id] = have
            combine(self._scripts, paper.script, folder, self._results / status.name)

    def _keep(self, paper: Paper) -> None:
        """Try again later, unless something newer has come."""
        with self._changed:
            self._papers.setdefault(paper.detail.status.name, paper)

    def _drop_older(self, folder: Path) -> None:
        """Remove raw results of earlier rounds: what was made of them stays."""
        if folder.parent.is_dir():
            for other in folder.parent.iterdir():
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
