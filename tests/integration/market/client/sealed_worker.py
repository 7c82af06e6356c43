"""A worker's real source and its folders, without an agent: it computes sealed tasks by hand."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.messages import Committed, Revealed, TaskUsage, Verdict
from gridle.market.protocol.sealing_identity import load_sealing_identity
from gridle.worker.sandbox.output import PackedOutput, collect_output
from gridle.worker.sandbox.sealed_files import open_inputs, seal_result
from gridle.worker.sources.market import MarketSource
from gridle.worker.sources.port import Capacity, Offered, Reported, Settled, SourceEvent
from tests.integration.market.client.market_stack import PAYEE

SALT = "5a" * 32
USAGE = TaskUsage(1.0, 1.0, 2**20)
DEADLINE_S = 60.0
SOME = Capacity(("wasm",), 1, 4, 2**34)
E = TypeVar("E")


class Worker:
    """Takes one task at a time."""

    def __init__(self, market_url: str, home: Path) -> None:
        self.home = home
        self.identity = Identity(os.urandom(32))
        sealing = load_sealing_identity(home / "sealing.key", self.identity, is_needed=False)
        self.source = MarketSource(
            market_url, self.identity, PAYEE, home / "blobs", sealing=sealing
        )
        self._events: queue.Queue[SourceEvent] = queue.Queue()
        self.source.start(self._events.put, 0)
        self.source.want(SOME)

    def wait(self, kind: type[E], fits: Callable[[E], bool] = lambda _: True) -> E:
        while True:
            event = self._events.get(timeout=DEADLINE_S)
            if isinstance(event, kind) and fits(event):
                return event

    def folder(self, offer: Offered) -> Path:
        folder = self.home / "tasks" / offer.lease.lease_id
        (folder / "in").mkdir(parents=True)
        (folder / "out").mkdir()
        return folder

    def deliver(self, offer: Offered, output: PackedOutput) -> Verdict:
        lease_id = offer.lease.lease_id
        bound = commitment(output.sha256, SALT, self.identity.public_key)
        self.source.report(Committed(lease_id, bound), None)
        self.wait(Reported)
        self.source.report(Revealed(lease_id, output.sha256, SALT, USAGE), output.path)
        assert self.wait(Reported).refused is None
        (verdict,) = self.wait(Settled).page.settlements
        assert isinstance(verdict, Verdict)
        return verdict

    def compute(self, answer: Callable[[Offered, Path], None]) -> Verdict:
        """Take the next task, open its inputs, and deliver what `answer` writes to `out/`."""
        self.source.want(SOME)
        offer = self.wait(Offered)
        folder = self.folder(offer)
        keys = self.source.task_keys(offer.lease.lease_id)
        open_inputs(offer.manifest, keys, self.source.blob, folder)
        answer(offer, folder)
        packed = collect_output(folder, offer.manifest.resources)
        return self.deliver(offer, seal_result(packed, offer.manifest, keys))
