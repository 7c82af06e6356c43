"""The use cases of `gridle job` on a submitted job: watch it, take its results, list its tasks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gridle.market.client.amounts import money
from gridle.market.client.checking import Checker
from gridle.market.client.collect import ACCEPTED, collect, combine
from gridle.market.client.follow import follow
from gridle.market.client.job_source import JobSource, read_job_source
from gridle.market.client.key_courier import KeyCourier
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.client.resolve import check_script, combine_script
from gridle.market.client.session import Session
from gridle.market.protocol.errors import GridleError, InvalidInputError, RefusedError
from gridle.market.protocol.ids import JobId, Sha256
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.manifest import MAX_MANIFEST_BYTES, Manifest, decode_manifest
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.plain_text import plain
from gridle.market.protocol.sentence import Sentence

COMBINED = "combined"
"""In a folder of results, what the job's own script made of them."""
_AWAITS = Sentence(
    "its node waits for the keys; run `gridle job watch`",
    "其节点在等待密钥；请运行 `gridle job watch`",
)


def job_id(untrusted_text: str) -> JobId:
    """Check what a person typed.

    Raises:
        InvalidInputError: not a job's id.
    """
    try:
        return msgspec.convert(untrusted_text, JobId)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            f"'{untrusted_text}' is not a job; `gridle job status` lists yours.",
            f"“{untrusted_text}”不是任务编号；`gridle job status` 会列出您的任务。",
        ) from error


def fetch_manifest(client: MarketClient, sha256: Sha256) -> Manifest:
    """Return a manifest that the market stores, checked by its digest.

    Raises:
        GridleError: it cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="gridle-") as folder:
        path = Path(folder) / "manifest.json"
        client.download(sha256, path, max_bytes=MAX_MANIFEST_BYTES)
        return decode_manifest(path.read_bytes())


def watch(
    session: Session,
    scripts: OwnScripts,
    job: JobId,
    *,
    on_change: Callable[[JobDetail], None],
    on_trouble: Callable[[Sentence], None],
) -> JobDetail:
    """Follow a job until it is over, judging its results where its sources are at hand.

    Raises:
        GridleError: the market refuses, or the key of a sealed job is not here.
    """
    told: set[str] = set()

    def trouble(error: GridleError) -> None:
        if error.sentence.en not in told:
            told.add(error.sentence.en)
            on_trouble(error.sentence)

    sha256 = session.client.job(job).status.manifest_sha256
    manifest = fetch_manifest(session.client, sha256)
    key, checker = session.profile.keys.of(sha256, manifest), None
    source = _source(session, job, trouble)
    if source is not None:
        checker = Checker(session.client, scripts, manifest, check_script(source), key=key)
    return follow(
        session.client,
        job,
        checker,
        KeyCourier(session.client, key, trouble) if key is not None else None,
        on_change=on_change,
        on_trouble=trouble,
        pause=time.sleep,
    )


def take_results(session: Session, scripts: OwnScripts, job: JobId, folder: Path) -> Sentence:
    """Write accepted results to `folder`/<index>/ and what is made of them to `folder`/combined/.

    Raises:
        GridleError: they cannot be had, written or put together.
    """
    detail = session.client.job(job)
    manifest = fetch_manifest(session.client, detail.status.manifest_sha256)
    key = session.profile.keys.of(detail.status.manifest_sha256, manifest)
    fresh = collect(session.client, detail, manifest.resources, folder, key)
    have = sum(task.state in ACCEPTED for task in detail.tasks)
    troubles: list[GridleError] = []
    source = _source(session, job, troubles.append)
    script = combine_script(source) if source else None
    if script is not None and have:
        combine(scripts, script, folder, folder / COMBINED)
    return Sentence(
        f"{have} of {len(detail.tasks)} results are in {folder} ({fresh} new)."
        + (f" Put together in {folder / COMBINED}." if script and have else "")
        + "".join(f" {error.sentence.en}" for error in troubles),
        f"{len(detail.tasks)} 个结果中有 {have} 个在 {folder}（新增 {fresh} 个）。"
        + (f"合并结果在 {folder / COMBINED}。" if script and have else "")
        + "".join(error.sentence.zh for error in troubles),
    )


def task_lines(detail: JobDetail, chain: ChainInfo) -> list[str]:
    """Return one line a task."""
    price = money(detail.status.price_units, chain)
    lines = []
    for task in detail.tasks:
        used = f"  {task.usage.cpu_s:.1f} CPU s" if task.usage else ""
        saved = "" if task.saved_cpu_s is None else f"  saved at {task.saved_cpu_s:.1f} CPU s"
        failure = f"  {plain(task.failure)}" if task.failure else ""
        awaits = f"  {_AWAITS}" if task.awaits else ""
        state = f"{task.state.value:<10}"
        lines.append(f"  {task.index:>5}  {state} {price}{used}{saved}{failure}{awaits}")
    return lines


def all_done(detail: JobDetail) -> bool:
    """Tell whether every task has an accepted result."""
    return all(task.state in ACCEPTED for task in detail.tasks)


def _source(
    session: Session, job: JobId, on_trouble: Callable[[GridleError], None]
) -> JobSource | None:
    """Return the sources of a job of this profile; without them nothing can be judged."""
    record = session.profile.job(job)
    if record is None:
        on_trouble(
            RefusedError(
                f"This profile did not submit {job}, so its results are not judged here.",
                f"{job} 不是由此配置提交的，因此不在此检查其结果。",
            )
        )
        return None
    try:
        return read_job_source(Path(record.manifest_path))
    except InvalidInputError as error:
        on_trouble(error)
        return None
