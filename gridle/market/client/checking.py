"""Judge revealed results by the job's own check, on the requestor's own machine."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts, ScriptEnd
from gridle.market.protocol import archive
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.job_messages import JobDetail, TaskStatus, TaskVerdict
from gridle.market.protocol.manifest import Manifest, Resources
from gridle.market.protocol.sealing import JobKey
from gridle.market.protocol.states import TaskState

CHECK_LIMIT_S = 60.0
_TAR_SLACK_BYTES = 2**20


class Checker:
    """Judges the results of one job."""

    def __init__(
        self,
        client: MarketClient,
        scripts: OwnScripts,
        manifest: Manifest,
        check: Path | None,
        *,
        key: JobKey | None = None,
        limit_s: float = CHECK_LIMIT_S,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._manifest = manifest
        self._check = check
        self._key = key
        self._limit_s = limit_s
        self._judged: dict[str, TaskVerdict] = {}

    def judge_revealed(self, detail: JobDetail, *, limit_s: float | None = None) -> int:
        """Judge each revealed result, posting each verdict at once; returns how many counted.

        After `limit_s` no other one is begun: the rest come with the next look at the job.

        Raises:
            GridleError: the market does not answer, or the check cannot be started.
        """
        counted = 0
        began = time.monotonic()
        for task in detail.tasks:
            if task.state is not TaskState.REVEALED or task.result_sha256 is None:
                continue
            verdict = self._verdict(task, task.result_sha256)
            counted += self._client.judge(detail.status.job_id, [verdict])
            if limit_s is not None and time.monotonic() - began >= limit_s:
                break
        return counted

    def _verdict(self, task: TaskStatus, result_sha256: Sha256) -> TaskVerdict:
        known = self._judged.get(task.task_id)
        if known is None or known.result_sha256 != result_sha256:
            reason = self._objection(task, result_sha256)
            known = TaskVerdict(task.task_id, result_sha256, not reason, reason)
            self._judged[task.task_id] = known
        return known

    def _objection(self, task: TaskStatus, result_sha256: Sha256) -> str:
        """Return why a result cannot be accepted; empty where it can."""
        try:
            with tempfile.TemporaryDirectory(prefix="gridle-check-") as name:
                folder = Path(name) / "result"
                try:
                    files = fetch_result(
                        self._client, task, result_sha256, self._manifest.resources, self._key
                    )
                except InvalidInputError as error:
                    return error.sentence.en
                write_files(files, folder)
                if self._check is None:
                    return ""
                arguments = (str(folder), *self._manifest.tasks[task.index])
                end = self._scripts.run(self._check, arguments, limit_s=self._limit_s)
                return objection(end, self._limit_s)
        except OSError as error:
            raise _cannot_check(error) from error


def objection(end: ScriptEnd, limit_s: float) -> str:
    """Return why a check that ended so does not accept; empty where it accepts."""
    if end.status == 0:
        return ""
    if end.status is None:
        return f"The requestor's check did not end within {limit_s:g} seconds on this result."
    return end.said or f"The requestor's check ended with status {end.status} on this result."


def fetch_result(
    client: MarketClient,
    task: TaskStatus,
    result_sha256: Sha256,
    resources: Resources,
    key: JobKey | None,
) -> dict[str, bytes]:
    """Download a task's result and return its files; a sealed one is opened with the job's key.

    Raises:
        InvalidInputError: it is not an archive within the limits of the manifest, or not sealed
            for this job and task.
        GridleError: it cannot be had.
    """
    limit_bytes = resources.output_max_bytes + resources.output_max_files * 1024
    with tempfile.TemporaryDirectory(prefix="gridle-result-") as folder:
        path = Path(folder) / "result.tar"
        client.download(result_sha256, path, max_bytes=limit_bytes + _TAR_SLACK_BYTES)
        if key is not None:
            sealed, path = path, path.with_suffix(".open")
            with sealed.open("rb") as reader, path.open("wb") as writer:
                key.open_result(reader, writer, task.index)
        return archive.unpack(
            path.read_bytes(),
            max_bytes=resources.output_max_bytes,
            max_files=resources.output_max_files,
        )


def write_files(files: dict[str, bytes], folder: Path) -> None:
    """Write a result's files into a new folder; their names were checked by unpacking."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _cannot_check(error: OSError) -> UnavailableError:
    told = error.strerror or str(error)
    return UnavailableError(
        f"Results cannot be checked on this machine ({told}); put that right soon, since results "
        "without a verdict count as accepted after a while.",
        f"无法在本机检查结果（{told}）；请尽快解决，因为没有裁决的结果过一段时间会视为已接受。",
    )
