"""`gridle practice`: a whole market on this machine, with play money."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from gridle.market.practice.image_making import images_in_the_making
from gridle.market.practice.practice import Practice, running_practice, start_over
from gridle.market.practice.requestor_jobs import MANIFEST_NAME
from gridle.market.practice.terminal import follow_worker
from gridle.market.practice.until_paid import PaidWatch
from gridle.market.practice.window import has_display, open_again, open_window
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.practice_home import practice_home

_END_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_MOST_UNITS = 10**18
"""At a time: a practice can give this often without its token's sums running over."""


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    home = Path(options.home).resolve() if options.home else practice_home()
    if options.action == "fund":
        return _fund(home, options.address, options.units)
    if options.action == "open":
        return open_again(home)
    if options.start_over:
        start_over(home)
    return _practise(home, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridle practice", description=__doc__)
    parser.add_argument("--home", help="the practice's own folder")
    parser.add_argument("--headless", action="store_true", help="show it in the terminal")
    parser.add_argument("--until-paid", type=_count, metavar="N", help="end when N tasks are paid")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--jobs", help="folder of other practice jobs")
    parser.add_argument("--start-over", action="store_true", help="delete all play money first")
    parser.set_defaults(action="run")
    actions = parser.add_subparsers(title="actions for a running practice")
    fund = actions.add_parser("fund", help="give play money to an address")
    fund.add_argument("address")
    fund.add_argument("units", type=_count, help="in the token's base units")
    fund.set_defaults(action="fund")
    actions.add_parser("open", help="open the app again").set_defaults(action="open")
    return parser


def _practise(home: Path, options: argparse.Namespace) -> int:
    started_at = time.monotonic()
    ended = threading.Event()
    for number in _END_SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    practice = Practice(home, _say)
    if options.jobs:
        practice.jobs = _jobs_folder(Path(options.jobs).resolve())
    with practice:
        watch = PaidWatch(practice, started_at) if options.until_paid else None
        practice.start_worker()
        with images_in_the_making(practice.jobs, practice.environment()):
            if not options.headless and has_display(_say):
                open_window(practice, ended, _say)
            follow_worker(practice.places.worker, ended)
            if watch is None:
                _wait(practice, ended)
                return 0
            report = watch.wait(options.until_paid, ended, _say)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    return 0


def _jobs_folder(folder: Path) -> Path:
    if not any(folder.glob(f"*/{MANIFEST_NAME}")):
        raise InvalidInputError(
            f"There is no job in {folder}; name a folder whose subfolders each hold a "
            f"{MANIFEST_NAME}.",
            f"{folder} 中没有任务；请指定一个文件夹，其每个子文件夹都含有 {MANIFEST_NAME}。",
        )
    return folder


def _wait(practice: Practice, ended: threading.Event) -> None:
    while not ended.wait(1.0):
        if practice.supervisor.given_up.is_set():
            raise UnavailableError(
                "The practice had to end because one of its parts kept failing; see the logs in "
                f"{practice.places.home / 'logs'}.",
                f"练习因某个部分反复失败而结束；请查看 {practice.places.home / 'logs'} 中的日志。",
            )
    _say(Sentence("Ending the practice …", "正在结束练习……"))


def _fund(home: Path, address: str, units: int) -> int:
    from gridle.market.practice.chain_faucet import fund  # noqa: PLC0415 - web3 takes a second

    if not _ADDRESS.fullmatch(address):
        raise InvalidInputError(
            f"'{address}' is not a wallet address: 0x and 40 hexadecimal digits.",
            f"“{address}”不是钱包地址：应为 0x 加 40 位十六进制数字。",
        )
    if units > _MOST_UNITS:
        raise InvalidInputError(
            f"That is more play money than there can be; give at most {_MOST_UNITS} units.",
            f"练习币没有这么多；一次最多 {_MOST_UNITS} 单位。",
        )
    facts = running_practice(home)
    fund(facts.rpc_url, Path(facts.chain_home), address, token_units=units)
    _say(Sentence(f"{address} has {units} units more.", f"{address} 增加了 {units} 单位。"))
    return 0


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise InvalidInputError(f"'{text}' is not a whole number above 0.", f"“{text}”不是正整数。")
    return int(text)


def _say(sentence: Sentence) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
