"""The one command-line program; it loads only the room that is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import cast

from gridle.market.protocol.errors import GridleError

_ROOMS = {
    "app": "gridle.app.cli",
    "worker": "gridle.worker.cli",
    "job": "gridle.market.client.cli",
    "market": "gridle.market.service.cli",
    "practice": "gridle.market.practice.cli",
}

USAGE = """usage: gridle [ROOM ...]

  gridle               open the desktop app
  gridle worker ...    the worker on this machine: run, status, pause, resume, limits, doctor
  gridle job ...       bring work: submit, status, watch, results, cancel
  gridle practice ...  a whole market on this machine, with play money
  gridle market ...    serve a market
"""


def main() -> int:
    """Run the program; returns its exit status."""
    arguments = sys.argv[1:]
    room = arguments[0] if arguments else "app"
    if room in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        return 0
    if room not in _ROOMS:
        sys.stderr.write(f"gridle: there is no command '{room}'.\n\n{USAGE}")
        return 2
    run = cast("Callable[[list[str]], int]", importlib.import_module(_ROOMS[room]).main)
    try:
        return run(arguments[1:])
    except GridleError as error:
        sys.stderr.write(f"gridle: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
