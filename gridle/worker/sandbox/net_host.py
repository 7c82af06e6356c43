"""The program of a networked task's proxy; it imports the standard library alone.

Run as `python -I -S net_host.py SOURCE_FOLDER` (where the package `gridle` lies), as root or as
the root of a rootless engine's user namespace. The first line of standard input is the order, later
ones are rates, and its end means that the worker is gone. Standard output says `{"space": PATH}`,
the namespace for the task's container, and later what was moved; each is one line of JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from typing import Any

gc.disable()  # an import makes no garbage
sys.path.append(sys.argv[1])
from gridle.worker.sandbox.net_dial import dial_public  # noqa: E402 - found by the line above
from gridle.worker.sandbox.net_fence import confine  # noqa: E402 - the same
from gridle.worker.sandbox.net_proxy import Proxy  # noqa: E402 - the same
from gridle.worker.sandbox.net_rest import Rest  # noqa: E402 - the same
from gridle.worker.sandbox.net_space import make_space  # noqa: E402 - the same
from gridle.worker.sandbox.net_traffic import Traffic, Way  # noqa: E402 - the same

_PR_SET_PDEATHSIG = 1
_LINE_BYTES = 2**16
_TELL_S = 1.0
"""At most so often is told what was moved."""
_OPEN_FILES = 96
_DATA_BYTES = 2**28
_STACK_BYTES = 2**18


def main() -> None:
    """Make the namespace, give every privilege away, and serve until the worker ends."""
    order = json.loads(sys.stdin.readline(_LINE_BYTES))
    traffic = Traffic(order["most_bytes"])
    _limit(traffic, order)
    try:
        space = make_space()
        _get_ready()
        confine()
    except OSError as error:
        _say({"error": f"{type(error).__name__} {error.errno}"})
        os._exit(1)
    _die_with_worker()
    threading.stack_size(_STACK_BYTES)
    gc.enable()
    proxy = Proxy(space.listener, frozenset(order["allow"]), traffic, dial_public, rest=Rest())
    for work in (proxy.serve, lambda: _tell(traffic)):
        threading.Thread(target=work, daemon=True).start()
    _say({"space": f"/proc/{os.getpid()}/fd/{space.file}"})
    while line := sys.stdin.readline(_LINE_BYTES):
        _limit(traffic, json.loads(line))
    _say_moved(traffic.moved)
    os._exit(0)


def _limit(traffic: Traffic, rates: dict[str, Any]) -> None:
    traffic.limit(rates["sent_bytes_s"], rates["received_bytes_s"])


def _tell(traffic: Traffic) -> None:
    while True:
        _say_moved(traffic.await_news())
        time.sleep(_TELL_S)


def _say_moved(moved: tuple[int, int]) -> None:
    _say({"sent_bytes": moved[Way.SENT], "received_bytes": moved[Way.RECEIVED]})


def _say(fact: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(fact).encode("ascii") + b"\n")


def _get_ready() -> None:
    """Take what must be had before the fence closes, and set the limits on this process."""
    "a.".encode("idna")  # getaddrinfo's; reading its tables later would need the source folder
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_DATA, (_DATA_BYTES, _DATA_BYTES))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.nice(19)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    socket.setdefaulttimeout(None)


def _die_with_worker() -> None:
    """Only now: the kernel forgets it when a process changes its user."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()
