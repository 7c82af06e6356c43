"""The practice's sample requestor, a process of its own.

`python -m gridle.market.practice.requestor --home DIR --market URL --chain-home DIR --rpc-url URL
--jobs FOLDER --results DIR [--with-parent]`
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from gridle.file_trouble import file_trouble
from gridle.home_lock import HomeLock
from gridle.lifeline import OPTION, announce_ready, end_with_parent
from gridle.market.chain.wallet import Wallet
from gridle.market.client.http import SignedHttp
from gridle.market.client.market_client import MarketClient
from gridle.market.client.own_scripts import OwnScripts
from gridle.market.client.profile import Profile
from gridle.market.client.session import open_session
from gridle.market.practice.chain_faucet import fund
from gridle.market.practice.requestor_desk import Desk
from gridle.market.practice.requestor_jobs import built_image, practice_jobs
from gridle.market.practice.requestor_round import Means, RoundKeeper
from gridle.market.practice.requestor_teller import Teller
from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.market.protocol.identity import Identity

RETRY_PAUSE_S = 2.0

T = TypeVar("T")


def main() -> int:
    """Run until a signal or the parent's end; returns the exit status."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    if options.with_parent:
        end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    scripts = OwnScripts()
    try:
        _run(options, scripts)
    except (GridleError, OSError) as failure:
        error = file_trouble(failure) if isinstance(failure, OSError) else failure
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    finally:
        scripts.close()


def _run(options: argparse.Namespace, scripts: OwnScripts) -> NoReturn:
    options.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = HomeLock(options.home / "requestor.lock", _already_running(options.home))
    lock.take()
    profile = Profile(options.home)
    wallet = profile.wallet(is_play_money=True, ask_password=_nobody_to_ask)
    profile.identity()  # a damaged key ends this program now, with its sentence
    announce_ready(payer=wallet.address)
    teller = Teller(sys.stderr)
    keeper = _until_it_works(lambda: _open(options, scripts, wallet, teller), teller)
    while True:
        _until_it_works(keeper.run, teller)


def _until_it_works(attempt: Callable[[], T], teller: Teller) -> T:
    while True:
        try:
            return attempt()
        except GridleError as error:
            teller.outage(error)
            time.sleep(RETRY_PAUSE_S)


def _open(
    options: argparse.Namespace, scripts: OwnScripts, wallet: Wallet, teller: Teller
) -> RoundKeeper:
    session = open_session(options.market, options.home)
    try:
        requestor = session.requestor(wallet)
    except BaseException:
        session.client.close()
        raise
    if not session.info.chain.is_play_money:
        raise RefusedError(
            "This market's money is real; the sample requestor works with play money alone.",
            "该市场使用真钱；示例需求方只使用练习币。",
        )
    connect = partial(_connect, options.market, session.identity)
    desk = Desk(connect(), scripts, options.home / "raw", options.results, teller.outage)
    desk.start()
    means = Means(
        requestor=requestor,
        connect=connect,
        scripts=scripts,
        keys=session.profile.keys,
        sealed=options.home / "sealed",
        desk=desk,
        teller=teller,
        faucet=lambda units: fund(
            options.rpc_url, options.chain_home, wallet.address, token_units=units
        ),
        jobs_now=lambda number: practice_jobs(options.jobs, number, teller.trouble, built_image),
    )
    return RoundKeeper(means, options.home / "rounds.json")


def _connect(market_url: str, identity: Identity) -> MarketClient:
    return MarketClient(SignedHttp(market_url, identity))


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def _nobody_to_ask(*_: object) -> NoReturn:
    raise RefusedError(
        "The sample requestor has no wallet for real money.", "示例需求方没有真钱钱包。"
    )


def _already_running(home: Path) -> UnavailableError:
    return UnavailableError(
        f"Another sample requestor already runs in {home}; end it first.",
        f"{home} 中已有示例需求方在运行；请先结束它。",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridle.market.practice.requestor")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--market", required=True, metavar="URL")
    parser.add_argument("--chain-home", type=Path, required=True)
    parser.add_argument("--rpc-url", required=True)
    parser.add_argument("--jobs", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument(OPTION, action="store_true", dest="with_parent")
    return parser


if __name__ == "__main__":
    sys.exit(main())
