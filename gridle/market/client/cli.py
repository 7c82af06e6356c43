"""`gridle job`: bring work to a market, watch it, take the results home."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from pathlib import Path

import msgspec

from gridle.market.client import job_views
from gridle.market.client.job_source import read_job_source
from gridle.market.client.market_choice import VARIABLE, choose_market
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.client.profile import default_profile
from gridle.market.client.progress import progress
from gridle.market.client.resolve import resolve
from gridle.market.client.session import Session, open_session
from gridle.market.client.submission import submit_job
from gridle.market.protocol.errors import GridleError, InvalidInputError
from gridle.market.protocol.job_messages import JobDetail
from gridle.market.protocol.sentence import Sentence

PASSWORD_VARIABLE = "GRIDLE_WALLET_PASSWORD"  # noqa: S105 - the name of a variable


def main(arguments: list[str]) -> int:
    """Run `gridle job`; returns its exit status."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 2
    run = {
        "submit": _submit,
        "status": _status,
        "watch": _watch,
        "results": _results,
        "cancel": _cancel,
    }[options.command]
    try:
        return run(options)
    except GridleError as error:
        print(f"gridle job: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--market", metavar="URL", help=f"the market; else {VARIABLE}, else practice"
    )
    common.add_argument("--profile", metavar="DIR", type=Path, help="where keys and jobs are kept")
    parser = argparse.ArgumentParser(prog="gridle job", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    submit = commands.add_parser("submit", parents=[common], help="submit a job")
    submit.add_argument("manifest", type=Path, help="the job's TOML manifest")
    submit.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="set")
    submit.add_argument("--json", action="store_true")
    status = commands.add_parser("status", parents=[common], help="show all jobs, or one")
    status.add_argument("job", nargs="?")
    status.add_argument("--json", action="store_true")
    watch = commands.add_parser("watch", parents=[common], help="follow a job and judge results")
    watch.add_argument("job")
    results = commands.add_parser("results", parents=[common], help="take accepted results home")
    results.add_argument("job")
    results.add_argument("folder", type=Path, metavar="DIR")
    cancel = commands.add_parser("cancel", parents=[common], help="stop a job's unfinished tasks")
    cancel.add_argument("job")
    return parser


def _open(options: argparse.Namespace) -> Session:
    return open_session(choose_market(options.market), options.profile or default_profile())


def _submit(options: argparse.Namespace) -> int:
    variables = _variables(options.set)
    resolved = resolve(read_job_source(options.manifest), variables)
    with _open(options) as session:
        status = submit_job(
            session, resolved, ask_password=_ask_password, say=_tell, now=time.time()
        )
    if options.json:
        _print_json(status)
    else:
        print(
            Sentence(
                f"Submitted {status.job_id}: {len(resolved.manifest.tasks)} tasks. "
                f"Follow it and judge its results with `gridle job watch {status.job_id}`.",
                f"已提交 {status.job_id}：共 {len(resolved.manifest.tasks)} 个子任务。"
                f"请用 `gridle job watch {status.job_id}` 跟踪并检查结果。",
            )
        )
    if resolved.is_to_be_sealed:
        _tell(
            Sentence(
                "Its data is sealed: nodes get the keys only while you follow the job, and only "
                "this profile opens the results.",
                "其数据已密封：只有在您跟踪该任务时节点才能得到密钥，且只有此配置能打开结果。",
            )
        )
    return 0


def _status(options: argparse.Namespace) -> int:
    with _open(options) as session:
        if options.job:
            detail = session.client.job(job_views.job_id(options.job))
            if options.json:
                _print_json(detail)
            else:
                print(progress(detail.status, session.info.chain))
                for line in job_views.task_lines(detail, session.info.chain):
                    print(line)
            return 0
        jobs = session.client.jobs()
        if options.json:
            _print_json(jobs)
        for job in () if options.json else jobs:
            print(f"{job.job_id}  {progress(job, session.info.chain)}")
        if not jobs and not options.json:
            print(Sentence("No jobs yet.", "还没有任务。"))
    return 0


def _watch(options: argparse.Namespace) -> int:
    scripts = OwnScripts()
    with _open(options) as session:
        line = _LiveLine()

        def show(detail: JobDetail) -> None:
            line.show(str(progress(detail.status, session.info.chain)))

        try:
            last = job_views.watch(
                session, scripts, job_views.job_id(options.job), on_change=show, on_trouble=_tell
            )
        except KeyboardInterrupt:
            _tell(
                Sentence(
                    "\nThe job goes on; results that are not judged in time count as accepted.",
                    "\n任务将继续；未及时裁决的结果将视为已接受。",
                )
            )
            return 130
        finally:
            scripts.close()
            line.end()
    return 0 if job_views.all_done(last) else 1


def _results(options: argparse.Namespace) -> int:
    scripts = OwnScripts()
    try:
        with _open(options) as session:
            print(
                job_views.take_results(
                    session, scripts, job_views.job_id(options.job), options.folder
                )
            )
    finally:
        scripts.close()
    return 0


def _cancel(options: argparse.Namespace) -> int:
    with _open(options) as session:
        print(progress(session.client.cancel(job_views.job_id(options.job)), session.info.chain))
    return 0


def _variables(settings: list[str]) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings]
    for name, equals, _ in pairs:
        if not equals or not name:
            raise InvalidInputError(
                f"--set {name} is not of the form NAME=VALUE; write it like --set round=3.",
                f"--set {name} 不是 名称=值 的形式；请写成 --set round=3 这样。",
            )
    return {name: value for name, _, value in pairs}


def _ask_password(is_new: bool) -> str:  # noqa: FBT001 - the shape of AskPassword
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    asked = Sentence("New wallet password: ", "新钱包密码：") if is_new else None
    return getpass.getpass(str(asked or Sentence("Wallet password: ", "钱包密码：")))


def _tell(sentence: Sentence) -> None:
    print(sentence, file=sys.stderr)


def _print_json(value: object) -> None:
    print(msgspec.json.encode(value).decode())


class _LiveLine:
    """One line that is written over on a terminal, and a new line a change elsewhere."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, text: str) -> None:
        if text == self._last:
            return
        self._last = text
        if sys.stdout.isatty():
            print(f"\r\x1b[2K{text}", end="", flush=True)
        else:
            print(text, flush=True)

    def end(self) -> None:
        if self._last and sys.stdout.isatty():
            print()
