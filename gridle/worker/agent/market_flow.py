"""Takes what the source of work says: offers, renewals, answers, settlements."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.protocol.ids import LeaseId
from gridle.market.protocol.messages import (
    ChainInfo,
    Returned,
    Revealed,
    Saved,
    SettlementPage,
    Verdict,
)
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent import sentences
from gridle.worker.agent.consents import Consents
from gridle.worker.agent.lifecycle import Happening
from gridle.worker.agent.parting import Parting
from gridle.worker.agent.reporter import Reporter
from gridle.worker.agent.roster import Roster
from gridle.worker.agent.runner import Runner
from gridle.worker.agent.task_flow import TaskFlow
from gridle.worker.ipc.messages import Earnings, MarketView, WorkerTaskState
from gridle.worker.ledger.ledger import Ledger
from gridle.worker.policy.allowance import Allowance
from gridle.worker.policy.consent import Ruling
from gridle.worker.sources.port import (
    Connected,
    Disconnected,
    Lost,
    NoWork,
    Offered,
    Renewed,
    Reported,
    Settled,
    SourceEvent,
)


class MarketFlow:
    """Handles every event of the source. Only the agent's thread calls it; safe to repeat."""

    def __init__(
        self,
        url: str,
        ledger: Ledger,
        roster: Roster,
        runner: Runner,
        reporter: Reporter,
        tasks: TaskFlow,
        parting: Parting,
        consents: Consents,
    ) -> None:
        self._url = url
        self._ledger = ledger
        self._roster = roster
        self._runner = runner
        self._reporter = reporter
        self._tasks = tasks
        self._parting = parting
        self._consents = consents
        self._connected = False
        self._note: Sentence | None = sentences.STARTING
        self._chain: ChainInfo | None = None
        self._earnings: tuple[float, Earnings] | None = None

    def view(self) -> MarketView:
        """Show the market as it looks from here."""
        return MarketView(self._url, self._connected, self._note, self._chain)

    def earnings(self, midnight: float) -> Earnings:
        """Return the stages of money; read again only where something changed."""
        if self._earnings is None or self._earnings[0] != midnight:
            self._earnings = (midnight, self._ledger.money.earnings(midnight))
        return self._earnings[1]

    def handle(self, event: SourceEvent, allowance: Callable[[], Allowance], now: float) -> None:
        """Take one event.

        Raises:
            UnavailableError: the ledger cannot be written; the same event can be handed in again.
        """
        match event:
            case Connected() | Disconnected() | NoWork():
                self._note_link(event)
            case Offered():
                self._note = None
                consented = self._consents.rule(event, self._chain) is Ruling.RUN
                self._tasks.offered(event, allowance(), now, consented=consented)
            case Renewed(lease_id, expires_at):
                self._renewed(lease_id, expires_at, now)
            case Lost(lease_id):
                task = self._roster.get(lease_id)
                if task is not None:
                    self._tasks.lost(task, now)
            case Reported():
                self._reported(event, now)
            case Settled(page):
                self._settled(page, now)

    def _note_link(self, event: Connected | Disconnected | NoWork) -> None:
        match event:
            case Connected(info):
                self._connected, self._note, self._chain = True, None, info.chain
            case Disconnected(explanation):
                self._connected, self._note = False, explanation
            case NoWork(explanation):
                self._note = explanation

    def _settled(self, page: SettlementPage, now: float) -> None:
        self._ledger.money.settle(page)
        self._earnings = None
        for settlement in page.settlements:
            if isinstance(settlement, Verdict):
                self._judged(settlement, now)

    def _renewed(self, lease_id: LeaseId, expires_at: float, now: float) -> None:
        task = self._roster.get(lease_id)
        if task is None:
            return
        waited = task.awaits_renewal
        self._roster.renew(task, expires_at)
        if waited and task.state is WorkerTaskState.OFFERED:
            self._tasks.fetch(task, now)

    def _reported(self, event: Reported, now: float) -> None:
        if isinstance(event.report, Saved):  # the task goes on, whatever the answer was
            ref = event.report.checkpoint if event.refused is None else None
            self._tasks.handed_on(event.lease_id, ref)
            return
        title = self._title(event.lease_id)
        refused = self._reporter.answered(event, now)
        self._earnings = None
        if refused is not None:
            self._parting.warnings.append(sentences.not_counted(title, refused))
        if refused is not None or isinstance(event.report, Revealed | Returned):
            self._runner.remove_result(event.lease_id)

    def _judged(self, verdict: Verdict, now: float) -> None:
        task = self._roster.get(verdict.lease_id)
        happening = Happening.ACCEPTED if verdict.accepted else Happening.FAILED
        if not verdict.accepted:
            title = self._title(verdict.lease_id)
            self._parting.warnings.append(sentences.not_counted(title, verdict.explanation))
        if task is not None and task.state is WorkerTaskState.FINISHING:
            self._roster.move(task, happening, now)

    def _title(self, lease_id: LeaseId) -> str:
        task = self._roster.get(lease_id)
        return task.manifest.title if task is not None else lease_id
