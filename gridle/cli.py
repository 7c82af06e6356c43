"""The one command-line program; it loads only the room that is asked for."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import cast

from gridle.file_trouble import file_trouble
from gridle.market.protocol.errors import GridleError

_ROOMS = {
    "app": "gridle.app.cli",
    "worker": "gridle.worker.cli",
    "job": "gridle.market.client.cli",
    "market": "gridle.market.service.cli",
    "practice": "gridle.market.practice.cli",
}

_BROKEN_PIPE = 141
"""What a shell reports of a program that SIGPIPE ended."""

USAGE = """usage: gridle [ROOM ...]

  gridle               open the desktop app
  gridle worker ...    the worker here: run, status, pause, finish, resume, limits, doctor
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
        status = run(arguments[1:])
        sys.stdout.flush()  # here, where a reader that has gone is still understood
    except GridleError as error:
        return _told(error)
    except OSError as error:
        return _of_the_system(error)
    except KeyboardInterrupt:
        return 130
    return status


def _of_the_system(error: OSError) -> int:
    """Explain what the operating system refused and no closer place explained."""
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has had enough of it, as in `gridle … | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    if error.errno is None:
        raise error
    return _told(file_trouble(error))


def _told(error: GridleError) -> int:
    sys.stderr.write(f"gridle: {error}\n")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
