"""A job comes in: the order's signature, the manifest, the blobs, the escrow; then it is open."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from gridle.market.protocol.errors import InvalidInputError, RefusedError
from gridle.market.protocol.ids import PublicKey, Sha256, new_job_id, task_id
from gridle.market.protocol.job_messages import JobStatus, JobSubmission
from gridle.market.protocol.manifest import (
    MAX_MANIFEST_BYTES,
    Manifest,
    WasmRuntime,
    decode_manifest,
)
from gridle.market.protocol.money import SignedOrder
from gridle.market.service import bells
from gridle.market.service.domain import escrow
from gridle.market.service.domain.job import Job, new_job
from gridle.market.service.domain.task import Task
from gridle.market.service.errors import ConflictError, TooLargeError, UnfundedError
from gridle.market.service.store import blob_rows, jobs, parties
from gridle.market.service.usecases import cover as covers
from gridle.market.service.usecases.job_view import status
from gridle.market.service.usecases.market import Market


def submit(market: Market, key: PublicKey, submission: JobSubmission) -> JobStatus:
    """Open a job; the same signed order again answers with the same job.

    Raises:
        RefusedError: not this key's payer, not signed by it, or too late.
        InvalidInputError: the manifest or its budget is not right.
        ConflictError: a blob is missing.
        UnfundedError: the deposit or the appointment does not cover it.
        UnavailableError: the chain does not answer.
    """
    order = submission.order
    digest = _checked_digest(market, key, order)
    with market.database.read() as connection:
        known = jobs.by_order(connection, digest)
        if known is not None:
            return status(market, connection, known)
        if order.order.valid_until < market.now():
            raise RefusedError(
                "This order is too old; sign a new one and submit it.",
                "此订单已过期；请重新签名后提交。",
            )
        manifest = _manifest(market, connection, order)
    with market.money_moves:
        return _open(market, key, order, digest, manifest)


def _checked_digest(market: Market, key: PublicKey, order: SignedOrder) -> str:
    with market.database.read() as connection:
        is_spokesman = order.order.payer in parties.payers_of(connection, key)
    if not is_spokesman:
        raise RefusedError(
            "This client key does not speak for the payer of this order; enrol it with that "
            "wallet first.",
            "此客户端密钥不能代表该订单的付款方；请先用该钱包登记。",
        )
    if not order.is_signed_by_payer(market.domain):
        raise RefusedError(
            "This order is not signed by its payer for this chain; sign it again.",
            "此订单没有付款方在本链上的有效签名；请重新签名。",
        )
    return order.order.digest(market.domain).hex()


def _manifest(market: Market, connection: Connection, order: SignedOrder) -> Manifest:
    sha256 = order.order.manifest_sha256
    size = blob_rows.size_bytes(connection, sha256)
    if size is None:
        raise _missing(sha256)
    if size > MAX_MANIFEST_BYTES:
        raise TooLargeError(
            f"A manifest has at most {MAX_MANIFEST_BYTES} bytes; make it smaller.",
            f"清单最多 {MAX_MANIFEST_BYTES} 字节；请缩小。",
        )
    manifest = decode_manifest(market.blobs.path(sha256).read_bytes())
    if order.order.budget_units != manifest.budget_units:
        raise InvalidInputError(
            f"The order's budget is {order.order.budget_units} units, but the manifest's tasks "
            f"cost {manifest.budget_units}; sign an order for exactly that.",
            f"订单预算为 {order.order.budget_units} 个单位，而清单中的任务共需 "
            f"{manifest.budget_units} 个单位；请按此金额重新签名。",
        )
    _check_blobs(connection, manifest)
    return manifest


def _named(manifest: Manifest) -> list[Sha256]:
    """Return the blobs that a manifest names."""
    runtime = manifest.runtime
    named = runtime.module_sha256 if isinstance(runtime, WasmRuntime) else runtime.archive_sha256
    return [*([named] if named else []), *(file.sha256 for file in manifest.inputs)]


def _check_blobs(connection: Connection, manifest: Manifest) -> None:
    for sha256 in _named(manifest):
        if blob_rows.size_bytes(connection, sha256) is None:
            raise _missing(sha256)
    for file in manifest.inputs:
        size = blob_rows.size_bytes(connection, file.sha256)
        if size != file.size_bytes:
            raise InvalidInputError(
                f"The input '{file.name}' has {size} bytes, not {file.size_bytes}; correct the "
                "manifest.",
                f"输入文件“{file.name}”为 {size} 字节，而非 {file.size_bytes} 字节；请更正清单。",
            )


def _open(
    market: Market, key: PublicKey, order: SignedOrder, digest: str, manifest: Manifest
) -> JobStatus:
    """Check the escrow and store the job, while no redemption is on its way."""
    cover = covers.read_cover(market, order.order.payer)
    job = new_job(
        new_job_id(),
        key,
        order,
        digest,
        msgspec.json.encode(order).decode(),
        manifest,
        market.now(),
    )
    with market.database.write() as connection:
        known = jobs.by_order(connection, digest)
        if known is not None:
            return status(market, connection, known)
        bound = covers.bound(connection, cover.payer)
        why = escrow.shortfall(cover, bound, job.budget_units, job.deadline_at)
        if why is not None:
            raise UnfundedError(why.en, why.zh)
        _check_blobs(connection, manifest)
        blob_rows.pin(connection, [job.manifest_sha256, *_named(manifest)])
        jobs.add(connection, job, _tasks(job))
        parties.save_cover(connection, cover)
        answer = status(market, connection, job)
    market.bells.ring(bells.WORK)
    return answer


def _tasks(job: Job) -> list[Task]:
    return [Task(task_id(job.job_id, i), job.job_id, i) for i in range(job.task_count)]


def _missing(sha256: Sha256) -> ConflictError:
    return ConflictError(
        f"The blob {sha256} that this job needs is not stored here; upload it, then submit again.",
        f"此任务所需的数据块 {sha256} 尚未上传；请上传后重新提交。",
    )
