"""What the source's threads share: whom they talk to, what is wanted and held, when to stop."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from gridle.market.protocol import routes
from gridle.market.protocol.errors import GridleError, RefusedError
from gridle.market.protocol.ids import Address, LeaseId
from gridle.market.protocol.messages import (
    PROTOCOL_VERSION,
    MarketInfo,
    NodeEnrolment,
    NodeRecord,
    SealingKey,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.backoff import backoff_s
from gridle.worker.sources.port import Capacity, Connected, Disconnected, SourceEvent
from gridle.worker.sources.signed_http import SignedHttp

OnEvent = Callable[[SourceEvent], None]
NOTHING = Capacity((), 0, 0, 0)


@dataclass
class _Link:
    info: MarketInfo | None = None
    told: Sentence | None = None


class MarketSession:
    """One node's standing with one market."""

    def __init__(
        self,
        http: SignedHttp,
        payout: Address,
        on_event: OnEvent,
        sealing: SealingKey | None = None,
    ) -> None:
        self.http = http
        self.payout = payout
        self.sealing = sealing
        """Without one, the market gives this node no sealed tasks."""
        self.on_event = on_event
        self.stopped = threading.Event()
        self.lock = threading.RLock()
        """Guards `wanted`, `held` and `renewed_at`."""
        self.wants = threading.Condition(self.lock)
        self.holds = threading.Condition(self.lock)
        """Two, because free memory, and so what is wanted, changes all the time: that wakes nobody
        who keeps leases alive."""
        self.wanted = NOTHING
        self.held: frozenset[LeaseId] = frozenset()
        self.renewed_at: dict[LeaseId, float] = {}
        """When each lease last began or was renewed, on the monotonic clock."""
        self._link_lock = threading.Lock()
        self._link = _Link()

    def market(self) -> MarketInfo:
        """Return who the market is, enrolling this node first where that is still to be done.

        Raises:
            GridleError: it does not answer, refuses this node or speaks another version.
        """
        with self._link_lock:
            if self._link.info is None:
                info = self.http.get(routes.MARKET, MarketInfo, what="market description")
                if info.protocol_version != PROTOCOL_VERSION:
                    raise _other_version(info.protocol_version)
                enrolment = NodeEnrolment(self.payout, sealing=self.sealing)
                self.http.post(routes.NODES, enrolment, NodeRecord, what="node record")
                self._link.info = info
                self._link.told = None
                self.on_event(Connected(info))
            return self._link.info

    def failed(self, sentence: Sentence, failures: int) -> None:
        """Say that the market does not answer (once per reason), and wait before the next try."""
        with self._link_lock:
            self._link.info = None
            news = self._link.told != sentence
            self._link.told = sentence
        if news and not self.stopped.is_set():
            self.on_event(Disconnected(sentence))
        self.stopped.wait(backoff_s(failures, random.random()))  # noqa: S311 - jitter, no secret

    def keep_doing(self, work: Callable[[], None]) -> None:
        """Do `work` again and again until stopped; failures are told and waited out."""
        failures = 0
        while not self.stopped.is_set():
            try:
                work()
            except GridleError as error:
                failures += 1
                self.failed(error.sentence, failures)
            except OSError as error:
                failures += 1
                self.failed(_disk_fault(error), failures)
            else:
                failures = 0

    def stop(self) -> None:
        """End every wait."""
        self.stopped.set()
        with self.lock:
            self.wants.notify_all()
            self.holds.notify_all()


def _disk_fault(error: OSError) -> Sentence:
    return Sentence(
        f"A file of the worker cannot be used ({error}); check this machine's disk.",
        f"无法使用工作端的文件（{error}）；请检查本机磁盘。",
    )


def _other_version(version: int) -> RefusedError:
    return RefusedError(
        f"This market speaks version {version} of the protocol and this worker version "
        f"{PROTOCOL_VERSION}; update the older one.",
        f"该市场使用协议版本 {version}，本工作端使用版本 {PROTOCOL_VERSION}；请更新较旧的一方。",
    )
