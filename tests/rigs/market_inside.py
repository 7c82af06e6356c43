"""A market in this process, on a fake chain and a clock that the test moves; its use cases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from gridle.market.chain.wallet import Wallet
from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.ids import Address, JobId, PublicKey, Sha256
from gridle.market.protocol.job_messages import (
    JobDetail,
    JobStatus,
    JobSubmission,
    RequestorEnrolment,
    TaskVerdict,
    VerdictBatch,
    VerdictReply,
)
from gridle.market.protocol.manifest import Manifest, Resources, WasmRuntime, encode_manifest
from gridle.market.protocol.messages import (
    CheckpointRef,
    Committed,
    Lease,
    LeaseBatch,
    LeaseRequest,
    NodeEnrolment,
    ReportAnswer,
    ReportBatch,
    Revealed,
    Settlement,
    TaskReport,
    TaskUsage,
)
from gridle.market.protocol.money import JobOrder, SignedOrder
from gridle.market.service.bootstrap import build_market
from gridle.market.service.settings import Settings
from gridle.market.service.store import blob_rows
from gridle.market.service.store.parties import Node
from gridle.market.service.usecases import (
    enrolment,
    job_view,
    judging,
    leasing,
    reporting,
    settling,
    submission,
)
from gridle.market.service.usecases.market import Market
from tests.fakes.market_chain import HUB_ADDRESS, FakeDelegation, FakeHub, FakeRelayer

START = 1_800_000_000.0
MODULE = b"\0asm stands for a module"
SALT = "5a" * 32
USAGE = TaskUsage(1.0, 1.5, 2**20)
CLIENT_KEY: PublicKey = "c1" * 32


@dataclass
class Inside:
    """One market with one funded payer; nodes by number."""

    home: Path
    deposit_units: int = 1_000_000
    clock: float = START
    market: Market = field(init=False)
    hub: FakeHub = field(init=False)
    wallet: Wallet = field(init=False)

    def __post_init__(self) -> None:
        self.hub = FakeHub(lambda: self.clock)
        self.open()
        self.wallet = Wallet(hashlib.sha256(b"payer").digest())
        signature = self.wallet.sign_client_key(CLIENT_KEY, self.market.domain)
        told = RequestorEnrolment(self.wallet.address, signature)
        enrolment.enrol_requestor(self.market, CLIENT_KEY, told)
        self.hub.balances[self.wallet.address] = self.deposit_units
        pair = (self.wallet.address, self.market.delegate.address)
        self.hub.delegations[pair] = FakeDelegation(10**12, 0, int(START) + 10**7)

    def open(self) -> None:
        """Open the market (again) on its home."""
        relayer = FakeRelayer(self.hub)
        settings = Settings(lease_s=60.0)
        self.market = build_market(
            self.home, settings, HUB_ADDRESS, self.hub, relayer, lambda: self.clock
        )

    def node(self, number: int) -> Node:
        """Return an enrolled node."""
        key = hashlib.sha256(b"node %d" % number).hexdigest()
        enrolment.enrol_node(self.market, key, NodeEnrolment(payout(number)))
        record = enrolment.enrol_node(self.market, key, NodeEnrolment(payout(number)))
        return Node(record.node, record.payout_address, record.enrolled_at, 0)

    def store(self, content: bytes, owner: PublicKey = CLIENT_KEY) -> Sha256:
        """Store a blob."""
        sha256 = hashlib.sha256(content).hexdigest()
        draft = self.market.blobs.draft(sha256, 2**20)
        draft.write(content)
        draft.keep()
        with self.market.database.write() as connection:
            blob_rows.add(connection, sha256, len(content), owner, self.clock)
        return sha256

    def save(self, node: Node, state: bytes, done_cpu_s: float = 0.0) -> CheckpointRef:
        """Store a task's state, as its node would."""
        return CheckpointRef(self.store(state, node.node), len(state), done_cpu_s)

    def wasm(self, module: bytes) -> WasmRuntime:
        """Store a module that stands for a job's."""
        return WasmRuntime(self.store(module))

    def manifest(self, tasks: int = 1, price_units: int = 10, **changes: Any) -> Manifest:  # noqa: ANN401 - fields of the manifest
        """Return a manifest."""
        manifest = Manifest(
            name="a-job",
            title="A job",
            summary="Stands for a job.",
            runtime=self.wasm(MODULE),
            resources=Resources(reference_s=1.0),
            price_units=price_units,
            deadline_s=3600.0,
            tasks=tuple((str(i),) for i in range(tasks)),
        )
        return msgspec.structs.replace(manifest, **changes)

    def order(self, manifest: Manifest, **changes: Any) -> SignedOrder:  # noqa: ANN401 - fields of the order
        """Store a manifest and sign its order."""
        order = JobOrder(
            self.store(encode_manifest(manifest)),
            self.wallet.address,
            manifest.budget_units,
            int(self.clock) + 600,
        )
        return self.wallet.sign_order(msgspec.structs.replace(order, **changes), self.market.domain)

    def submit(self, tasks: int = 1, price_units: int = 10, **changes: Any) -> JobStatus:  # noqa: ANN401 - as above
        """Submit a job."""
        order = self.order(self.manifest(tasks, price_units, **changes))
        return submission.submit(self.market, CLIENT_KEY, JobSubmission(order))

    def lease(self, node: Node, slots: int = 1, **changes: Any) -> LeaseBatch:  # noqa: ANN401 - fields of the request
        """Ask for work once."""
        request = LeaseRequest(("wasm",), slots, 64, 2**36)
        request = msgspec.structs.replace(request, **changes)
        return leasing.lease(self.market, node, request)

    def report(self, node: Node, report: TaskReport) -> ReportAnswer:
        """Report once."""
        return reporting.report(self.market, node.node, ReportBatch((report,))).answers[0]

    def deliver(self, node: Node, lease: Lease, result: bytes = b"a result") -> Sha256:
        """Commit and reveal a result."""
        sha256 = self.store(result)
        bound = commitment(sha256, SALT, node.node)
        assert self.report(node, Committed(lease.lease_id, bound)).outcome == "ok"
        assert self.report(node, Revealed(lease.lease_id, sha256, SALT, USAGE)).outcome == "ok"
        return sha256

    def judge(self, lease: Lease, result: Sha256, *, accepted: bool) -> VerdictReply:
        """Give a verdict."""
        job_id = lease.task_id.partition(".")[0]
        batch = VerdictBatch((TaskVerdict(lease.task_id, result, accepted, "because"),))
        return judging.judge(self.market, CLIENT_KEY, job_id, batch)

    def detail(self, job_id: JobId) -> JobDetail:
        """Read a job."""
        return job_view.detail(self.market, CLIENT_KEY, job_id)

    def settlements(self, node: Node) -> tuple[Settlement, ...]:
        """Read all of a node's settlements."""
        return settling.page(self.market, node.node, 0).settlements


def payout(number: int) -> Address:
    """Return a payout address for a test."""
    return "0x" + f"{number + 1:02x}" * 20
