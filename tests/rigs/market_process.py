"""A real market on a real practice chain, each in its own process, and parties that speak to it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests

from gridle.market.chain.hub import Hub
from gridle.market.chain.wallet import Wallet
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol import routes
from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.eip712 import Domain, address_of
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.ids import Address, JobId, Sha256
from gridle.market.protocol.job_messages import (
    JobDetail,
    JobStatus,
    JobSubmission,
    PayerAccount,
    RelayReceipt,
    RequestorEnrolment,
    TaskVerdict,
    VerdictBatch,
    VerdictReply,
)
from gridle.market.protocol.manifest import Manifest, Resources, WasmRuntime, encode_manifest
from gridle.market.protocol.messages import (
    Committed,
    Lease,
    LeaseBatch,
    LeaseRequest,
    MarketInfo,
    NodeEnrolment,
    ReportBatch,
    ReportReply,
    Revealed,
    SettlementPage,
    TaskUsage,
)
from gridle.market.protocol.money import Appointment, JobOrder, SignedOrder
from gridle.market.protocol.signing import sign_request

T = TypeVar("T")

MODULE = b"\0asm stands for a module"
SALT = "5a" * 32
USAGE = TaskUsage(1.0, 1.5, 2**20)


@dataclass
class Process:
    """A child that said it is ready."""

    popen: subprocess.Popen[bytes]
    ready: Mapping[str, Any]

    def end(self, *, kill: bool = False) -> int:
        """End it, and return its status."""
        if kill:
            self.popen.kill()
        else:
            self.popen.terminate()
        status = self.popen.wait(20)
        if self.popen.stdout:
            self.popen.stdout.close()
        return status


def start(*arguments: str) -> Process:
    """Start a Python child and wait for its line of readiness."""
    popen = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.PIPE)
    assert popen.stdout is not None
    line = popen.stdout.readline()
    if not line:
        popen.stdout.close()
        msg = f"{arguments} ended with {popen.wait(20)}"
        raise AssertionError(msg)
    return Process(popen, json.loads(line))


def start_chain(home: Path, port: int = 0) -> Process:
    """Start a practice chain."""
    return start("gridle.market.practice.chain_process", "--home", str(home), "--port", str(port))


def market_arguments(home: Path, chain: Mapping[str, Any], *more: str) -> list[str]:
    """Return the command line of a market on that chain."""
    where = ["--home", str(home), "--rpc-url", chain["rpc_url"], "--hub", chain["hub"]]
    return ["gridle", "market", "serve", *where, "--play-money", *more]


def wait_for(what: str, look: Any, deadline_s: float = 30.0) -> Any:  # noqa: ANN401 - any condition
    """Return the first true thing that `look` returns."""
    ends = time.monotonic() + deadline_s
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    msg = f"{what} did not come within {deadline_s} s"
    raise AssertionError(msg)


@dataclass
class Party:
    """Somebody with a key who sends signed requests."""

    url: str
    identity: Identity
    http: requests.Session = field(default_factory=requests.Session)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Send one signed request."""
        url = self.url + path
        signed = sign_request(self.identity, method, url, hashlib.sha256(body).hexdigest())
        return self.http.request(
            method, url, data=body, headers={**signed, **(headers or {})}, timeout=70
        )

    def ask(self, method: str, path: str, kind: type[T], message: object = None) -> T:
        """Send one message and decode the answer; any refusal fails the test."""
        body = b"" if message is None else msgspec.json.encode(message)
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=kind)

    def upload(self, content: bytes) -> Sha256:
        """Store a blob."""
        sha256 = hashlib.sha256(content).hexdigest()
        answer = self.send("PUT", routes.blob(sha256), content)
        assert answer.status_code == 204, answer.text
        return sha256


class Provider(Party):
    """A node as a worker would speak for it."""

    def enrol(self, payout: Address) -> None:
        """Enrol with a payout address."""
        self.send("POST", routes.NODES, msgspec.json.encode(NodeEnrolment(payout)))

    def lease(self, slots: int = 1, wait_s: float = 0.0, **changes: Any) -> LeaseBatch:  # noqa: ANN401 - fields of the request
        """Ask for work."""
        request = LeaseRequest(("wasm",), slots, 64, 2**36, wait_s=wait_s)
        request = msgspec.structs.replace(request, **changes)
        return self.ask("POST", routes.LEASES, LeaseBatch, request)

    def report(self, *reports: Any) -> ReportReply:  # noqa: ANN401 - any report
        """Report."""
        return self.ask("POST", routes.REPORTS, ReportReply, ReportBatch(tuple(reports)))

    def deliver(self, lease: Lease, result: bytes) -> Sha256:
        """Upload, commit and reveal a result."""
        sha256 = self.upload(result)
        bound = commitment(sha256, SALT, self.identity.public_key)
        committed = self.report(Committed(lease.lease_id, bound))
        revealed = self.report(Revealed(lease.lease_id, sha256, SALT, USAGE))
        assert committed.answers[0].outcome == "ok"
        assert revealed.answers[0].outcome == "ok"
        return sha256

    def settlements(self, after: int = 0, wait_s: float = 0.0) -> SettlementPage:
        """Read settlements."""
        path = f"{routes.SETTLEMENTS}?after={after}&wait_s={wait_s}"
        return self.ask("GET", path, SettlementPage)


class Customer(Party):
    """A requestor with a wallet."""

    wallet: Wallet
    domain: Domain
    info: MarketInfo

    def join(self, wallet: Wallet) -> None:
        """Enrol the client key for a wallet."""
        self.wallet = wallet
        self.info = msgspec.json.decode(
            requests.get(self.url + routes.MARKET, timeout=10).content, type=MarketInfo
        )
        chain = self.info.chain
        self.domain = Domain(chain.chain_id, chain.hub)
        signature = wallet.sign_client_key(self.identity.public_key, self.domain)
        enrolment = RequestorEnrolment(wallet.address, signature)
        self.ask("POST", routes.REQUESTORS, RequestorEnrolment, enrolment)

    def deposit(self, hub: Hub, units: int) -> None:
        """Deposit through the market's relay and appoint its delegate for twice as much."""
        token = hub.token_info()
        authorization = self.wallet.authorize_deposit(
            Domain(self.info.chain.chain_id, hub.token(), token.name, token.version),
            hub.address,
            units,
            valid_before=hub.block_time() + 3600,
        )
        self.ask("POST", routes.RELAY_DEPOSITS, RelayReceipt, authorization)
        appointment = Appointment(
            self.wallet.address,
            self.info.delegate,
            2 * units,
            hub.block_time() + 30 * 86_400,
            hub.appointment_nonce(self.wallet.address),
        )
        signed = self.wallet.sign_appointment(appointment, self.domain)
        self.ask("POST", routes.RELAY_APPOINTMENTS, RelayReceipt, signed)

    def manifest(self, tasks: int, price_units: int, **changes: Any) -> Manifest:  # noqa: ANN401 - fields of the manifest
        """Return a manifest over the stand-in module."""
        manifest = Manifest(
            name="a-job",
            title="A job",
            summary="Stands for a job.",
            runtime=WasmRuntime(hashlib.sha256(MODULE).hexdigest()),
            resources=Resources(reference_s=1.0),
            price_units=price_units,
            deadline_s=3600.0,
            tasks=tuple((str(i),) for i in range(tasks)),
        )
        return msgspec.structs.replace(manifest, **changes)

    def order(self, manifest: Manifest) -> SignedOrder:
        """Upload a manifest with its module, and sign its order."""
        self.upload(MODULE)
        sha256 = self.upload(encode_manifest(manifest))
        order = JobOrder(
            sha256, self.wallet.address, manifest.budget_units, int(time.time()) + 3600
        )
        return self.wallet.sign_order(order, self.domain)

    def submit(self, tasks: int, price_units: int, **changes: Any) -> JobStatus:  # noqa: ANN401 - as above
        """Submit a job."""
        order = self.order(self.manifest(tasks, price_units, **changes))
        return self.ask("POST", routes.JOBS, JobStatus, JobSubmission(order))

    def job(self, job_id: JobId, after: int = 0, wait_s: float = 0.0) -> JobDetail:
        """Read a job."""
        return self.ask("GET", f"{routes.job(job_id)}?after={after}&wait_s={wait_s}", JobDetail)

    def judge(self, job_id: JobId, task_id: str, result: Sha256, *, accepted: bool) -> VerdictReply:
        """Give one verdict."""
        batch = VerdictBatch((TaskVerdict(task_id, result, accepted, "as the test wants"),))
        return self.ask("POST", routes.job_verdicts(job_id), VerdictReply, batch)

    def account(self) -> PayerAccount:
        """Read the account."""
        return self.ask("GET", routes.payer(self.wallet.address), PayerAccount)


def new_key(number: int) -> bytes:
    """Return a private key for a test."""
    return hashlib.sha256(b"key %d" % number).digest()


def payout_of(number: int) -> Address:
    """Return a payout address for a test."""
    return address_of(new_key(number))


@dataclass
class MarketRig:
    """A chain, a market on it, and a funded requestor."""

    folder: Path
    chain: Process
    options: tuple[str, ...] = ()
    market: Process = field(init=False)

    def __post_init__(self) -> None:
        self.start_market()

    def start_market(self) -> None:
        """Start the market (again) on the same home."""
        arguments = market_arguments(self.folder / "market", self.chain.ready, *self.options)
        self.market = start(*arguments)
        relayer = self.market.ready["relayer"]
        fund(self.rpc_url, self.folder / "chain", relayer, gas_wei=10**18)

    @property
    def url(self) -> str:
        """Where the market answers."""
        return str(self.market.ready["url"])

    @property
    def rpc_url(self) -> str:
        """Where the chain answers."""
        return str(self.chain.ready["rpc_url"])

    @property
    def hub(self) -> Hub:
        """The door to the chain."""
        return Hub([self.rpc_url], self.chain.ready["hub"])

    def provider(self, number: int) -> Provider:
        """Return an enrolled node."""
        node = Provider(self.url, Identity(new_key(1000 + number)))
        node.enrol(payout_of(2000 + number))
        return node

    def customer(self, number: int, deposit_units: int = 0) -> Customer:
        """Return an enrolled requestor, its deposit made and the delegate appointed."""
        customer = Customer(self.url, Identity(new_key(3000 + number)))
        wallet = Wallet(new_key(4000 + number))
        customer.join(wallet)
        if deposit_units:
            home = self.folder / "chain"
            fund(self.rpc_url, home, wallet.address, token_units=deposit_units)
            customer.deposit(self.hub, deposit_units)
        return customer
