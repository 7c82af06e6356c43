"""The real practice chain and the real market service, as processes on loopback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gridle.market.client.http import SignedHttp
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol import archive, routes
from gridle.market.protocol.codec import decode, encode
from gridle.market.protocol.commitment import commitment
from gridle.market.protocol.identity import Identity
from gridle.market.protocol.messages import (
    Committed,
    Lease,
    LeaseBatch,
    LeaseRequest,
    NodeEnrolment,
    ReportBatch,
    ReportReply,
    Revealed,
    SettlementPage,
    TaskReport,
    TaskUsage,
    Verdict,
)

PAYEE = "0x00000000000000000000000000000000DeaDBeef"
SALT = "5a" * 32


@dataclass(frozen=True)
class Stack:
    """A running market with its chain."""

    market_url: str
    rpc_url: str
    hub: str
    chain_home: Path


@contextmanager
def child(*arguments: str, log: Path) -> Iterator[dict[str, str]]:
    """Run a Python process until left; gives the facts that it announced."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    with process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            assert line, log.read_text()
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(15)


@contextmanager
def running_stack(home: Path) -> Iterator[Stack]:
    """Start chain and market; the market's relayer has gas."""
    home.mkdir()
    chain_home = home / "chain"
    chain_arguments = ("-m", "gridle.market.practice.chain_process", "--home", str(chain_home))
    with child(*chain_arguments, log=home / "chain.log") as chain:
        market_arguments = [
            *("-m", "gridle", "market", "serve", "--home", str(home / "market")),
            *("--rpc-url", chain["rpc_url"], "--hub", chain["hub"]),
            *("--play-money", "--redeem-every-s", "0.5"),
        ]
        with child(*market_arguments, log=home / "market.log") as market:
            fund(chain["rpc_url"], chain_home, market["relayer"], gas_wei=10**20)
            yield Stack(market["url"], chain["rpc_url"], chain["hub"], chain_home)


class RawNode:
    """A worker reduced to its protocol calls."""

    def __init__(self, market_url: str, seed: bytes, payee: str = PAYEE) -> None:
        self._identity = Identity(seed)
        self._http = SignedHttp(market_url, self._identity)
        self._after = 0
        self._http.ask("POST", routes.NODES, encode(NodeEnrolment(payee)))

    def close(self) -> None:
        self._http.close()

    def lease(self, slots: int = 1, wait_s: float = 10.0) -> tuple[Lease, ...]:
        request = LeaseRequest(
            runtimes=("wasm",), slots=slots, cores=1, memory_bytes=2**34, wait_s=wait_s
        )
        body = self._http.ask("POST", routes.LEASES, encode(request))
        return decode(body, LeaseBatch, what="leases").leases

    def deliver(self, lease: Lease, files: dict[str, bytes], folder: Path) -> None:
        """Upload a result, commit to it, reveal it."""
        packed = archive.pack(files)
        sha256 = hashlib.sha256(packed).hexdigest()
        path = folder / f"{sha256}.tar"
        path.write_bytes(packed)
        self._http.send_file(routes.blob(sha256), path, sha256)
        digest = commitment(sha256, SALT, self._identity.public_key)
        self._report(Committed(lease.lease_id, digest))
        self._report(Revealed(lease.lease_id, sha256, SALT, TaskUsage(1.5, 2.0, 1000)))

    def verdict(self, lease: Lease) -> Verdict:
        """Wait for the verdict on a lease, reading settlements in order."""
        for _ in range(20):
            path = f"{routes.SETTLEMENTS}?after={self._after}&wait_s=5"
            page = decode(self._http.ask("GET", path), SettlementPage, what="settlements")
            self._after = page.next_after
            for settlement in page.settlements:
                if isinstance(settlement, Verdict) and settlement.lease_id == lease.lease_id:
                    return settlement
        raise AssertionError(f"no verdict on {lease.lease_id}")

    def _report(self, report: TaskReport) -> None:
        body = self._http.ask("POST", routes.REPORTS, encode(ReportBatch((report,))))
        (answer,) = decode(body, ReportReply, what="answers").answers
        assert answer.outcome == "ok", answer.explanation
