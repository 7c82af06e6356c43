"""Bring accepted results home, and put them together by the job's own script."""

from __future__ import annotations

import shutil
from pathlib import Path

from gridle.market.client.checking import fetch_result, write_files
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.protocol.errors import GridleError, UnavailableError
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.manifest import Resources
from gridle.market.protocol.sealing import JobKey
from gridle.market.protocol.states import TaskState

COMBINE_LIMIT_S = 120.0
ACCEPTED = frozenset({TaskState.ACCEPTED, TaskState.AWARDED})


def collect(
    client: MarketClient,
    detail: JobDetail,
    resources: Resources,
    folder: Path,
    key: JobKey | None = None,
) -> int:
    """Write the files of each accepted task into `folder`/<index>/; returns how many are new.

    A task's folder appears whole or not at all. Sealed results are opened with the job's `key`.

    Raises:
        GridleError: a result cannot be had, or the disk refuses.
    """
    fresh = 0
    for task in detail.tasks:
        target = folder / str(task.index)
        if task.state not in ACCEPTED or task.result_sha256 is None or target.exists():
            continue
        files = fetch_result(client, task, task.result_sha256, resources, key)
        draft = folder / f".{task.index}.new"
        try:
            shutil.rmtree(draft, ignore_errors=True)
            write_files(files, draft)
            draft.replace(target)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        fresh += 1
    return fresh


def combine(scripts: OwnScripts, script: Path, results: Path, out: Path) -> None:
    """Run the job's script `combine.py RESULTS OUT`.

    Raises:
        UnavailableError: it could not be started, ran too long, or failed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        end = scripts.run(script, (str(results), str(out)), limit_s=COMBINE_LIMIT_S)
    except OSError as error:
        raise _cannot_write(out, error) from error
    if end.status != 0:
        told = end.said or "it did not say why"
        raise UnavailableError(
            f"The results are in {results}, but {script} could not put them together: {told}. "
            "Correct the script and ask for the results again.",
            f"结果已在 {results}，但 {script} 未能合并：{told}。请更正脚本后再次获取结果。",
        )


def _cannot_write(folder: Path, error: OSError) -> GridleError:
    return UnavailableError(
        f"Nothing more can be written to {folder} ({error.strerror or error}); free some space "
        "or name another folder, and try again.",
        f"无法继续写入 {folder}（{error.strerror or error}）；请释放空间或另选文件夹后重试。",
    )
