"""The sample requestor at work: keeps the practice jobs ordered, covered, followed and judged."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gridle.market.client import stored
from gridle.market.client.job_keys import JobKeys
from gridle.market.client.job_source import read_job_source
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.client.requestor import Requestor
from gridle.market.client.resolve import ResolvedJob
from gridle.market.client.sealed_job import sendable, sendable_again
from gridle.market.practice import requestor_rounds
from gridle.market.practice.requestor_desk import Desk
from gridle.market.practice.requestor_follower import Follower
from gridle.market.practice.requestor_rounds import OrderedJob, Rounds
from gridle.market.practice.requestor_teller import Teller
from gridle.market.protocol.errors import CorruptStateError, InvalidInputError, RefusedError

DEPOSIT_UNITS = 10_000_000
"""Deposited at a time: hundreds of rounds."""
CAP_UNITS = 10**15
LOOK_AGAIN_S = 15.0
"""How often an image that was missing is looked for."""
REFUSED_PAUSE_S = 5.0


@dataclass(frozen=True)
class Means:
    """What the requestor works with."""

    requestor: Requestor
    connect: Callable[[], MarketClient]
    scripts: OwnScripts
    keys: JobKeys
    sealed: Path
    """Where the files of sealed jobs lie until they are sent."""
    desk: Desk
    teller: Teller
    faucet: Callable[[int], None]
    jobs_now: Callable[[int], dict[str, ResolvedJob]]
    """The jobs that can run now, for a round's number."""


class RoundKeeper:
    """Runs the rounds; `state_path` remembers every order before it is sent."""

    def __init__(self, means: Means, state_path: Path) -> None:
        self._means = means
        self._state_path = state_path
        self._rounds = load_rounds(state_path, means.teller)
        self._followers: dict[str, Follower] = {}
        self._wake = threading.Event()

    def run(self) -> None:
        """Work until the process ends.

        Raises:
            UnavailableError: market or chain do not answer; call again.
        """
        while True:
            self._wake.clear()
            self._note_ended()
            jobs = self._means.jobs_now(self._rounds.number)
            advanced = requestor_rounds.advanced(self._rounds, jobs, self._stuck())
            if advanced != self._rounds:
                self._keep(advanced)
                continue
            refused = self._order(jobs)
            self._follow()
            self._wake.wait(REFUSED_PAUSE_S if refused else LOOK_AGAIN_S)

    def _order(self, jobs: dict[str, ResolvedJob]) -> bool:
        """Send what is unsent and order what is free; tells whether something was refused."""
        refused = False
        for ordered in requestor_rounds.unsent(self._rounds):
            refused |= not self._send(ordered, jobs.get(ordered.name))
        for name in requestor_rounds.to_order(self._rounds, jobs):
            self._means.requestor.enrol()
            self._cover(jobs[name])
            job = sendable(jobs[name], self._means.keys, self._means.sealed / name)
            self._keep_job(
                OrderedJob(
                    name=name,
                    round_number=self._rounds.number,
                    manifest_path=str(job.source.path),
                    order=self._means.requestor.order(job, time.time()),
                )
            )
            refused |= not self._send(self._rounds.jobs[name], jobs[name])
        return refused

    def _send(self, ordered: OrderedJob, job: ResolvedJob | None) -> bool:
        sha256 = ordered.order.order.manifest_sha256
        folder = self._means.sealed / ordered.name
        job = None if job is None else sendable_again(job, sha256, folder)
        try:
            if job is not None:
                status = self._means.requestor.submit(job, ordered.order)
            else:
                # The sources changed since; the market may have taken it as it was.
                status = self._means.requestor.submit_again(ordered.order)
        except (RefusedError, InvalidInputError) as error:
            self._means.teller.trouble(error)
            self._keep(requestor_rounds.with_over(self._rounds, ordered.name))
            return False
        self._keep_job(msgspec.structs.replace(ordered, job_id=status.job_id))
        shutil.rmtree(folder, ignore_errors=True)
        self._means.teller.works_again()
        return True

    def _cover(self, job: ResolvedJob) -> None:
        requestor, budget_units = self._means.requestor, job.manifest.budget_units
        missing_units = requestor.missing_units(budget_units)
        if missing_units:
            value_units = max(missing_units, DEPOSIT_UNITS)
            lacking_units = value_units - requestor.wallet_units()
            if lacking_units > 0:
                self._means.faucet(lacking_units)
            requestor.deposit(value_units)
        requestor.appoint(job, time.time(), cap_units=CAP_UNITS)

    def _follow(self) -> None:
        for ordered in requestor_rounds.under_way(self._rounds):
            if ordered.name in self._followers or ordered.job_id is None:
                continue
            try:
                source = read_job_source(Path(ordered.manifest_path))
            except InvalidInputError as error:
                self._means.teller.trouble(error)
                self._keep(requestor_rounds.with_over(self._rounds, ordered.name))
                continue
            follower = Follower(
                ordered.job_id,
                source,
                connect=self._means.connect,
                scripts=self._means.scripts,
                keys=self._means.keys,
                desk=self._means.desk,
                wake=self._wake,
                teller=self._means.teller,
            )
            self._followers[ordered.name] = follower
            follower.start()

    def _note_ended(self) -> None:
        ended = [name for name, follower in self._followers.items() if follower.over.is_set()]
        for name in ended:
            del self._followers[name]
            self._means.keys.forget(self._rounds.jobs[name].order.order.manifest_sha256)
            self._keep(requestor_rounds.with_over(self._rounds, name))

    def _stuck(self) -> frozenset[str]:
        now_s = time.monotonic()
        return frozenset(
            name for name, follower in self._followers.items() if follower.is_stuck(now_s)
        )

    def _keep_job(self, ordered: OrderedJob) -> None:
        self._keep(requestor_rounds.with_job(self._rounds, ordered))

    def _keep(self, rounds: Rounds) -> None:
        stored.save(self._state_path, rounds)
        self._rounds = rounds


def load_rounds(path: Path, teller: Teller) -> Rounds:
    """Return the stored rounds; a damaged file is set aside, told, and begun afresh."""
    try:
        return stored.load(path, Rounds) or Rounds()
    except CorruptStateError as error:
        teller.trouble(error)
        return Rounds()
