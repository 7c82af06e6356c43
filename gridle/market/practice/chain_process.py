"""The practice chain as a process: `python -m gridle.market.practice.chain_process --home DIR`.

It prints one line of JSON once it serves (`rpc_url`, `chain_id`, `hub`, `token`) and ends at
SIGTERM, Ctrl-C or, with `--with-parent`, at the end of standard input. It may be killed at any
moment: a block is on disk before anybody is told of it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from eth.exceptions import PyEVMError

from gridle import lifeline
from gridle.file_trouble import file_trouble
from gridle.market.practice.chain_door import Door
from gridle.market.practice.chain_evm import CHAIN_ID
from gridle.market.practice.chain_genesis import STORE_NAME, deployment, open_chain
from gridle.market.practice.chain_rpc import Methods
from gridle.market.practice.chain_store import ChainStore
from gridle.market.protocol.errors import GridleError, UnavailableError

_EVM_RECURSION_LIMIT = 10_240
"""As py-evm asks for. Other libraries raise it until nested JSON would overflow the C stack."""


def serve(home: Path, port: int, *, with_parent: bool) -> None:
    """Serve the chain of `home` until told to end."""
    sys.setrecursionlimit(_EVM_RECURSION_LIMIT)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnavailableError(
            f"The folder {home} cannot be made ({error.strerror}); choose another with --home.",
            f"无法创建文件夹 {home}（{error.strerror}）；请用 --home 另选。",
        ) from error
    store = ChainStore(home / STORE_NAME)
    try:
        try:
            chain = open_chain(home, store)
        except (PyEVMError, KeyError) as error:
            raise store.damaged() from error
        door = Door(port, Methods(chain))
        _serve(door, home, with_parent=with_parent)
    finally:
        store.close()


def _serve(door: Door, home: Path, *, with_parent: bool) -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if with_parent:
        lifeline.end_with_parent(ended.set)
    with door:
        threading.Thread(target=door.serve_forever, name="door", daemon=True).start()
        places = deployment(home)
        lifeline.announce_ready(
            rpc_url=door.url, chain_id=CHAIN_ID, hub=places.hub, token=places.token
        )
        ended.wait()
        door.shutdown()


def main() -> int:
    """Run the process; returns its exit status."""
    parser = argparse.ArgumentParser(prog="chain_process", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the chain's folder")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument(lifeline.OPTION, action="store_true", help="end with standard input")
    arguments = parser.parse_args()
    try:
        serve(arguments.home, arguments.port, with_parent=arguments.with_parent)
    except (GridleError, OSError) as failure:
        error = file_trouble(failure) if isinstance(failure, OSError) else failure
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
