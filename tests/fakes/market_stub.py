"""A market's answers without its database: what the fake source and the loopback server share."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence

from gridle.market.protocol.ids import LeaseId, Sha256
from gridle.market.protocol.job_messages import LeaseKey, WrappedKeys
from gridle.market.protocol.manifest import Manifest, encode_manifest
from gridle.market.protocol.messages import (
    Lease,
    LeaseBatch,
    LeaseRequest,
    RenewalReply,
    ReportAnswer,
    ReportReply,
    Saved,
    SealingKey,
    Settlement,
    SettlementPage,
    TaskReport,
)
from gridle.market.protocol.sentence import Sentence

EXPIRES_AT = 2.0**40
REFUSED = Sentence("Refused.", "已拒绝。")


class StubMarket:
    """State that a test fills and looks into; `changed` guards and announces it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.leases: list[Lease] = []
        self.requests: list[LeaseRequest] = []
        self.is_full = False
        """Whether it has no room for what is uploaded."""
        self.blobs: dict[Sha256, bytes] = {}
        self.reports: list[TaskReport] = []
        self.renewed: list[LeaseId] = []
        self.lost: set[LeaseId] = set()
        self.refuses_reports = False
        self.refuses_states = False
        """Whether it refuses the states of running tasks."""
        self.remark: Sentence | None = None
        """What it adds to the reports that it takes."""
        self.settlements: list[Settlement] = []
        self.enrolled: SealingKey | None = None
        self.keys: dict[LeaseId, str] = {}

    def offer(self, lease: Lease, manifest: Manifest) -> None:
        """Put a task on offer."""
        self.store(encode_manifest(manifest))
        with self.changed:
            self.leases.append(lease)
            self.changed.notify_all()

    def store(self, blob: bytes) -> Sha256:
        """Keep a blob under its digest."""
        sha256 = hashlib.sha256(blob).hexdigest()
        with self.changed:
            self.blobs[sha256] = blob
        return sha256

    def settle(self, *settlements: Settlement) -> None:
        """Add verdicts and redemptions."""
        with self.changed:
            self.settlements.extend(settlements)
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], deadline_s: float = 20.0) -> bool:
        """Wait until `condition` holds of this market."""
        with self.changed:
            return self.changed.wait_for(condition, deadline_s)

    def take(self, request: LeaseRequest, wait_s: float) -> LeaseBatch:
        """Lease up to `slots` tasks, waiting for the first."""
        slots = request.slots
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            self.changed.wait_for(lambda: bool(self.leases), wait_s)
            taken, self.leases = self.leases[:slots], self.leases[slots:]
        return LeaseBatch(tuple(taken), None if taken else Sentence("No work.", "没有任务。"))

    def renew(self, lease_ids: Sequence[LeaseId]) -> RenewalReply:
        """Renew all but the lost."""
        with self.changed:
            self.renewed.extend(lease_ids)
            self.changed.notify_all()
            kept = {each: EXPIRES_AT for each in lease_ids if each not in self.lost}
            return RenewalReply(kept, tuple(each for each in lease_ids if each in self.lost))

    def take_reports(self, reports: Sequence[TaskReport]) -> ReportReply:
        """Take reports, or refuse them all."""
        with self.changed:
            self.reports.extend(reports)
            self.changed.notify_all()
            return ReportReply(tuple(self._answer(each) for each in reports))

    def _answer(self, report: TaskReport) -> ReportAnswer:
        if self.refuses_reports or (self.refuses_states and isinstance(report, Saved)):
            return ReportAnswer(report.lease_id, "refused", REFUSED)
        return ReportAnswer(report.lease_id, "ok", self.remark)

    def hand_keys(self, lease_id: LeaseId, wrapped: str) -> None:
        """Put a lease's wrapped keys there, as its requestor does."""
        with self.changed:
            self.keys[lease_id] = wrapped
            self.changed.notify_all()

    def wrapped_keys(self, lease_id: LeaseId, wait_s: float) -> WrappedKeys:
        """Return a lease's wrapped keys, waiting for them."""
        with self.changed:
            self.changed.wait_for(lambda: lease_id in self.keys, wait_s)
            found = self.keys.get(lease_id)
        return WrappedKeys(None if found is None else LeaseKey(lease_id, found))

    def page(self, after: int, wait_s: float) -> SettlementPage:
        """Return what was settled after `after`, waiting for the first."""
        with self.changed:
            self.changed.wait_for(
                lambda: any(each.seq > after for each in self.settlements), wait_s
            )
            found = tuple(each for each in self.settlements if each.seq > after)
        return SettlementPage(found, max([after, *(each.seq for each in found)]))
