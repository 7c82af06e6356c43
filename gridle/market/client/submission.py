"""Submit a job so that it is ordered once, whatever is cut off in between."""

from __future__ import annotations

from collections.abc import Callable

from gridle.market.client.play_funding import ask_practice_for_money
from gridle.market.client.profile import AskPassword, JobRecord
from gridle.market.client.requestor import Requestor
from gridle.market.client.resolve import ResolvedJob
from gridle.market.client.sealed_job import sendable, sendable_again
from gridle.market.client.session import Session
from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.job_messages import JobStatus
from gridle.market.protocol.sentence import Sentence

Say = Callable[[Sentence], None]


def submit_job(
    session: Session, resolved: ResolvedJob, *, ask_password: AskPassword, say: Say, now: float
) -> JobStatus:
    """Cover, order and submit a job, and remember it in the profile.

    Args:
        session: where to, and as whom.
        resolved: the job.
        ask_password: asks a person for a wallet's password, for real money.
        say: tells the person what is done on the way.
        now: Unix time in seconds.

    Raises:
        RefusedError: the wallet holds too little, or the market refuses.
        UnavailableError: the market or its chain does not answer; submitting again goes on.
    """
    requestor = _enrolled(session, ask_password, say)
    known = _unsent(session, resolved, requestor, now)
    if known is None:
        _cover(session, requestor, resolved, say, now)
        known = _ordered(session, resolved, requestor, now)
    job, record = known
    try:
        status = requestor.submit(job, record.order)
    except (RefusedError, InvalidInputError):
        session.profile.forget(record)
        raise
    session.profile.keep_sent(record, status.job_id)
    return status


def _enrolled(session: Session, ask_password: AskPassword, say: Say) -> Requestor:
    is_new = session.profile.is_new
    wallet = session.profile.wallet(
        is_play_money=session.info.chain.is_play_money, ask_password=ask_password
    )
    if is_new:
        say(_new_profile(session, wallet.address))
    requestor = session.requestor(wallet)
    requestor.enrol()
    return requestor


def _unsent(
    session: Session, resolved: ResolvedJob, requestor: Requestor, now: float
) -> tuple[ResolvedJob, JobRecord] | None:
    """Return the order of an earlier try whose answer never came, if it still can be taken."""
    record = session.profile.unsent(resolved.manifest_sha256)
    if record is None or record.market_url != session.market_url:
        return None
    usable = record.order.order.valid_until > now and requestor.has_signed(record.order)
    if not usable:
        return None
    folder = session.profile.unsent_files(resolved.manifest_sha256)
    job = sendable_again(resolved, record.manifest_sha256, folder)
    return None if job is None else (job, record)


def _ordered(
    session: Session, resolved: ResolvedJob, requestor: Requestor, now: float
) -> tuple[ResolvedJob, JobRecord]:
    """Seal the job where it is to be sealed, sign its order, and remember both."""
    open_sha256 = resolved.manifest_sha256
    job = sendable(resolved, session.profile.keys, session.profile.unsent_files(open_sha256))
    record = JobRecord(
        market_url=session.market_url,
        manifest_path=str(job.source.path),
        manifest_sha256=job.manifest_sha256,
        order=requestor.order(job, now),
        open_sha256=open_sha256 if resolved.is_to_be_sealed else None,
    )
    session.profile.keep_unsent(record)
    return job, record


def _cover(
    session: Session, requestor: Requestor, resolved: ResolvedJob, say: Say, now: float
) -> None:
    # Appointed first: where the hub refuses this market, the money has not left the wallet.
    requestor.appoint(resolved, now)
    missing_units = requestor.missing_units(resolved.manifest.budget_units)
    if missing_units:
        lacking_units = missing_units - requestor.wallet_units()
        if (
            lacking_units > 0
            and session.info.chain.is_play_money
            and ask_practice_for_money(session.market_url, requestor.payer, lacking_units)
        ):
            say(
                Sentence(
                    "The practice gave this wallet play money for the job.",
                    "练习环境已为此钱包发放本任务所需的练习币。",
                )
            )
        requestor.deposit(missing_units)


def _new_profile(session: Session, address: str) -> Sentence:
    folder = session.profile.folder
    if session.info.chain.is_play_money:
        return Sentence(
            f"A new requestor was made in {folder}, with the play-money wallet {address}.",
            f"已在 {folder} 创建新的需求方，其练习币钱包为 {address}。",
        )
    return Sentence(
        f"A new requestor was made in {folder}, with the wallet {address}; back this folder up.",
        f"已在 {folder} 创建新的需求方，其钱包为 {address}；请备份该文件夹。",
    )
