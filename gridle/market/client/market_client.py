"""Every route of a market that a requestor uses, typed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlencode

from gridle.market.client.http import READ_TIMEOUT_S, SignedHttp
from gridle.market.client.job_files import JobFile
from gridle.market.protocol import routes
from gridle.market.protocol.codec import MAX_MESSAGE_BYTES, decode, encode
from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.ids import Address, JobId, Sha256
from gridle.market.protocol.job_messages import (
    DepositAuthorization,
    JobDetail,
    JobList,
    JobStatus,
    JobSubmission,
    LeaseKey,
    LeaseKeyBatch,
    LeaseKeyReply,
    PayerAccount,
    RelayReceipt,
    RequestorEnrolment,
    SignedAppointment,
    TaskVerdict,
    VerdictBatch,
    VerdictReply,
)
from gridle.market.protocol.messages import MarketInfo
from gridle.market.protocol.money import SignedOrder

MAX_DETAIL_BYTES = 32 * 2**20
"""A job of ten thousand tasks, told in full."""
VERDICTS_PER_REQUEST = 1000
KEYS_PER_REQUEST = 1000
RELAY_TIMEOUT_S = 120.0
"""A relayed transaction is answered once it is mined."""

T = TypeVar("T")


class MarketClient:
    """One requestor's talk with one market. Not to be shared between threads."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def info(self) -> MarketInfo:
        """Return who the market is and where its money is."""
        return self._get(routes.MARKET, MarketInfo, "market's description")

    def enrol(self, enrolment: RequestorEnrolment) -> None:
        """Bind this client's key to a payer; repeating is harmless."""
        self._http.ask("POST", routes.REQUESTORS, encode(enrolment))

    def account(self, payer: Address) -> PayerAccount:
        """Return what the payer's deposit is bound to."""
        return self._get(routes.payer(payer), PayerAccount, "payer's account")

    def relay_deposit(self, authorization: DepositAuthorization) -> RelayReceipt:
        """Have the market carry a deposit to the chain."""
        body = self._http.ask(
            "POST",
            routes.RELAY_DEPOSITS,
            encode(authorization),
            read_timeout_s=RELAY_TIMEOUT_S,
        )
        return decode(body, RelayReceipt, what="receipt")

    def relay_appointment(self, appointment: SignedAppointment) -> RelayReceipt:
        """Have the market carry an appointment to the chain."""
        body = self._http.ask(
            "POST",
            routes.RELAY_APPOINTMENTS,
            encode(appointment),
            read_timeout_s=RELAY_TIMEOUT_S,
        )
        return decode(body, RelayReceipt, what="receipt")

    def submit(self, order: SignedOrder) -> JobStatus:
        """Submit a job; the same signed order again gives the same job."""
        body = self._http.ask("POST", routes.JOBS, encode(JobSubmission(order)))
        return decode(body, JobStatus, what="job's status")

    def jobs(self) -> tuple[JobStatus, ...]:
        """Return this requestor's jobs, newest first."""
        return self._get(routes.JOBS, JobList, "list of jobs").jobs

    def job(self, job_id: JobId, *, after: int = 0, wait_s: float = 0.0) -> JobDetail:
        """Return one job with its tasks, once its version exceeds `after` or `wait_s` is over."""
        query = urlencode({"after": after, "wait_s": wait_s})
        body = self._http.ask(
            "GET",
            f"{routes.job(job_id)}?{query}",
            max_bytes=MAX_DETAIL_BYTES,
            read_timeout_s=READ_TIMEOUT_S + wait_s,
        )
        return decode(body, JobDetail, what="job's detail", max_bytes=MAX_DETAIL_BYTES)

    def cancel(self, job_id: JobId) -> JobStatus:
        """Stop offering a job's unfinished tasks."""
        body = self._http.ask("POST", routes.job_cancel(job_id))
        return decode(body, JobStatus, what="job's status")

    def judge(self, job_id: JobId, verdicts: Sequence[TaskVerdict]) -> int:
        """Post verdicts; returns how many counted."""
        counted = 0
        for start in range(0, len(verdicts), VERDICTS_PER_REQUEST):
            batch = VerdictBatch(tuple(verdicts[start : start + VERDICTS_PER_REQUEST]))
            body = self._http.ask("POST", routes.job_verdicts(job_id), encode(batch))
            counted += len(decode(body, VerdictReply, what="answer to verdicts").counted)
        return counted

    def hand_keys(self, job_id: JobId, keys: Sequence[LeaseKey]) -> int:
        """Post wrapped keys of sealed tasks; returns how many were taken."""
        taken = 0
        for start in range(0, len(keys), KEYS_PER_REQUEST):
            batch = LeaseKeyBatch(tuple(keys[start : start + KEYS_PER_REQUEST]))
            body = self._http.ask("POST", routes.job_keys(job_id), encode(batch))
            taken += len(decode(body, LeaseKeyReply, what="answer to keys").taken)
        return taken

    def has_blob(self, sha256: Sha256) -> bool:
        """Tell whether the market stores this blob."""
        try:
            self._http.ask("HEAD", routes.blob(sha256))
        except (RefusedError, InvalidInputError):
            return False
        return True

    def upload(self, file: JobFile) -> None:
        """Store a file under its digest, unless it is stored already."""
        if not self.has_blob(file.sha256):
            self._http.send_file(routes.blob(file.sha256), file.path, file.sha256)

    def upload_bytes(self, content: bytes, sha256: Sha256) -> None:
        """Store bytes under their digest, unless they are stored already."""
        with tempfile.TemporaryDirectory(prefix="gridle-") as folder:
            path = Path(folder) / sha256
            path.write_bytes(content)
            self.upload(JobFile(path, sha256, len(content)))

    def download(self, sha256: Sha256, target: Path, *, max_bytes: int) -> None:
        """Fetch a blob into `target`, whole and checked by digest, or not at all.

        Raises:
            GridleError: it cannot be had, is too large, or is not what its digest says.
        """
        draft = target.with_name(target.name + ".draft")
        try:
            with draft.open("w+b") as file:
                got = self._http.fetch_file(routes.blob(sha256), file, max_bytes=max_bytes)
                if got != sha256:
                    raise RefusedError(
                        "The market sent other bytes than the digest asked for; try again, and "
                        "report it to the operator if it stays so.",
                        "市场发来的内容与所要的摘要不符；请重试，若仍如此请告知其运营者。",
                    )
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _get(self, path: str, kind: type[T], what: str) -> T:
        return decode(self._http.ask("GET", path), kind, what=what, max_bytes=MAX_MESSAGE_BYTES)
