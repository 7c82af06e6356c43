"""Judge revealed results by the job's own check, on the requestor's own machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts, ScriptEnd
from gridle.market.protocol import archive
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.job_messages import JobDetail, TaskStatus, TaskVerdict
from gridle.market.protocol.manifest import Manifest, Resources
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
        limit_s: float = CHECK_LIMIT_S,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._manifest = manifest
        self._check = check
        self._limit_s = limit_s
        self._judged: dict[str, TaskVerdict] = {}

    def judge_revealed(self, detail: JobDetail) -> int:
        """Judge each revealed result, posting each verdict at once; returns how many counted.

        Raises:
            GridleError: the market does not answer, or the check cannot be started.
        """
        counted = 0
        for task in detail.tasks:
            if task.state is TaskState.REVEALED and task.result_sha256 is not None:
                verdict = self._verdict(task, task.result_sha256)
                counted += self._client.judge(detail.status.job_id, [verdict])
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
                    files = fetch_result(self._client, result_sha256, self._manifest.resources)
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
    client: MarketClient, result_sha256: Sha256, resources: Resources
) -> dict[str, bytes]:
    """Download a result and return its files.

    Raises:
        InvalidInputError: it is not an archive within the limits of the manifest.
        GridleError: it cannot be had.
    """
    limit_bytes = resources.output_max_bytes + resources.output_max_files * 1024
    with tempfile.TemporaryDirectory(prefix="gridle-result-") as folder:
        path = Path(folder) / "result.tar"
        client.download(result_sha256, path, max_bytes=limit_bytes + _TAR_SLACK_BYTES)
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
