"""`gridle market serve`: run a market."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from pathlib import Path

from gridle.home_lock import HomeLock
from gridle.lifeline import OPTION
from gridle.market.protocol.eip712 import checksum_address
from gridle.market.protocol.errors import GridleError, InvalidInputError, RefusedError
from gridle.market.service.settings import Settings

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_MAX_PORT = 65535
LOCK_NAME = "market.lock"


def main(arguments: list[str]) -> int:
    """Run `gridle market …`; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # A line for each table at every start tells an operator nothing.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        _serve(options)
    except GridleError as error:
        print(f"gridle: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _serve(options: argparse.Namespace) -> None:
    _check(options)
    # The chain's libraries take most of a second to load: not before the options are right.
    from gridle.market.service.bootstrap import open_market  # noqa: PLC0415 - as said above
    from gridle.market.service.server import listen, serve  # noqa: PLC0415 - as above

    home: Path = options.home
    with HomeLock(home / LOCK_NAME, _already_running(home)):
        listener = listen(options.host, options.port)
        settings = Settings(
            name=options.name,
            rpc_url=options.rpc_url,
            is_play_money=options.play_money,
            lease_s=options.lease_s,
            redeem_every_s=options.redeem_every_s,
        )
        market = open_market(home, settings, checksum_address(options.hub))
        try:
            serve(market, listener, with_parent=options.with_parent)
        finally:
            market.database.close()


def _already_running(home: Path) -> RefusedError:
    return RefusedError(
        f"Another market already runs on {home}; end it, or choose another --home.",
        f"已有另一个市场在 {home} 上运行；请先结束它，或另选 --home。",
    )


def _check(options: argparse.Namespace) -> None:
    if not _ADDRESS.fullmatch(options.hub):
        raise InvalidInputError(
            f"'{options.hub}' is not a hub's address; give 0x and 40 hex digits to --hub.",
            f"“{options.hub}”不是有效的结算合约地址；--hub 应为 0x 加 40 位十六进制数。",
        )
    if not options.rpc_url.startswith(("http://", "https://")):
        raise InvalidInputError(
            f"'{options.rpc_url}' is not a chain's address; give an http or https URL to "
            "--rpc-url.",
            f"“{options.rpc_url}”不是有效的链地址；--rpc-url 应为 http 或 https 网址。",
        )
    if not 0 <= options.port <= _MAX_PORT or options.lease_s <= 0 or options.redeem_every_s <= 0:
        raise InvalidInputError(
            "A port is between 0 and 65535, and durations are above 0; correct the options.",
            "端口应在 0 至 65535 之间，时长应大于 0；请更正选项。",
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridle market", description="Serve a market.")
    rooms = parser.add_subparsers(required=True, metavar="serve")
    serve = rooms.add_parser("serve", help="serve a market until told to end")
    serve.add_argument("--home", type=Path, required=True, help="folder of keys, database, blobs")
    serve.add_argument("--rpc-url", required=True, help="the chain's JSON-RPC address")
    serve.add_argument("--hub", required=True, help="the payment hub's address")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=0, help="port; 0 takes a free one")
    serve.add_argument("--name", default="Gridle market", help="what the market is called")
    serve.add_argument("--play-money", action="store_true", help="the token is worth nothing")
    serve.add_argument("--lease-s", type=float, default=60.0, help="length of a lease, seconds")
    serve.add_argument(
        "--redeem-every-s", type=float, default=5.0, help="least seconds between redemptions"
    )
    serve.add_argument(OPTION, action="store_true", help="end when standard input closes")
    return parser
