"""Routes for requestors: enrolment, jobs, verdicts, the account, and the relay."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import get, post
from litestar.params import Parameter

from gridle.market.protocol import routes
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    JobDetail,
    JobList,
    JobStatus,
    JobSubmission,
    PayerAccount,
    RelayReceipt,
    RequestorEnrolment,
    SignedAppointment,
    VerdictBatch,
    VerdictReply,
)
from gridle.market.service import bells
from gridle.market.service.http.given import After, Asked, TheDesk, TheGate, TheMarket, WaitS
from gridle.market.service.http.long_poll import look_until
from gridle.market.service.usecases import (
    cover,
    ending,
    enrolment,
    job_view,
    judging,
    relaying,
    submission,
)

JobPath = Annotated[str, Parameter(pattern=r"^job-[0-9a-f]{16}$")]
AddressPath = Annotated[str, Parameter(pattern=r"^0x[0-9a-fA-F]{40}$")]


@post(routes.REQUESTORS, status_code=200)
async def enrol_requestor(
    request: Asked, data: RequestorEnrolment, market: TheMarket, gate: TheGate
) -> RequestorEnrolment:
    """Let a client key speak for a payer."""
    key = await gate.sender(request)
    return await asyncio.to_thread(enrolment.enrol_requestor, market, key, data)


@post(routes.JOBS, status_code=200)
async def submit(
    request: Asked, data: JobSubmission, market: TheMarket, gate: TheGate, desk: TheDesk
) -> JobStatus:
    """Open a job."""
    key = await gate.requestor(request)
    return await desk.do(submission.submit, market, key, data)


@get(routes.JOBS)
async def list_jobs(request: Asked, market: TheMarket, gate: TheGate) -> JobList:
    """List the requestor's jobs."""
    key = await gate.requestor(request)
    return await asyncio.to_thread(job_view.listing, market, key)


@get(routes.job("{job_id:str}"))
async def get_job(
    request: Asked,
    job_id: JobPath,
    market: TheMarket,
    gate: TheGate,
    after: After = 0,
    wait_s: WaitS = 0.0,
) -> JobDetail:
    """Long-poll for a change of one job."""
    key = await gate.requestor(request)
    return await look_until(
        request,
        market.bells,
        bells.of_job(job_id),
        wait_s,
        lambda: job_view.detail(market, key, job_id),
        lambda detail: detail.version > after,
    )


@post(routes.job_cancel("{job_id:str}"), status_code=200)
async def cancel_job(
    request: Asked, job_id: JobPath, market: TheMarket, gate: TheGate
) -> JobStatus:
    """Stop a job."""
    key = await gate.requestor(request)
    return await asyncio.to_thread(ending.cancel, market, key, job_id)


@post(routes.job_verdicts("{job_id:str}"), status_code=200)
async def judge(
    request: Asked, job_id: JobPath, data: VerdictBatch, market: TheMarket, gate: TheGate
) -> VerdictReply:
    """Take the requestor's verdicts."""
    key = await gate.requestor(request)
    return await asyncio.to_thread(judging.judge, market, key, job_id, data)


@get(routes.payer("{address:str}"))
async def payer_account(
    request: Asked, address: AddressPath, market: TheMarket, gate: TheGate, desk: TheDesk
) -> PayerAccount:
    """Tell what a payer's deposit is bound to."""
    await gate.spokesman(request, address)
    return await desk.do(cover.account, market, address)


@post(routes.RELAY_DEPOSITS, status_code=200)
async def relay_deposit(
    request: Asked, data: DepositAuthorization, market: TheMarket, gate: TheGate, desk: TheDesk
) -> RelayReceipt:
    """Carry a deposit to the chain."""
    await gate.spokesman(request, data.payer)
    return await desk.do(relaying.deposit, market, data)


@post(routes.RELAY_APPOINTMENTS, status_code=200)
async def relay_appointment(
    request: Asked, data: SignedAppointment, market: TheMarket, gate: TheGate, desk: TheDesk
) -> RelayReceipt:
    """Carry an appointment to the chain."""
    await gate.spokesman(request, data.appointment.payer)
    return await desk.do(relaying.appoint, market, data)


HANDLERS = (
    enrol_requestor,
    submit,
    list_jobs,
    get_job,
    cancel_job,
    judge,
    payer_account,
    relay_deposit,
    relay_appointment,
)
