"""`gridle worker`: run the headless worker, or speak to the one that runs."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from gridle.lifeline import OPTION
from gridle.market.protocol.errors import InvalidInputError
from gridle.worker import consent_command
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint, worker_home
from gridle.worker.ipc.messages import Command, FinishWork, PauseWork, StartWork
from gridle.worker.policy.presets import Preset
from gridle.worker.settings import SETTINGS_NAME, Settings, load
from gridle.worker.status_text import status_lines

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_PAUSE_S = 31_536_000


def main(arguments: list[str]) -> int:
    """Run the worker's part of the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    home: Path = options.home or worker_home()
    match options.command:
        case "run":
            return _run(home, options)
        case "status":
            return _status(home, as_json=options.json)
        case "pause" | "resume" | "finish":
            return _tell(home, _wish(options))
        case "limits":
            return _limits(home, options)
        case "jobs" | "answer" | "publisher":
            return _consents(home, options)
        case _:
            return _look_after(home, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gridle worker", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--home", type=Path, help="folder of the worker's own files")
        return command

    run = add("run", "run the worker until it is told to end")
    run.add_argument("--market", metavar="URL", help="where work comes from; remembered")
    run.add_argument("--payout", metavar="ADDRESS", help="the wallet that is paid; remembered")
    run.add_argument("--start", action="store_true", help="begin to work, as by the Start button")
    run.add_argument(OPTION, action="store_true", help="end when standard input closes")
    add("status", "show what the worker does and why").add_argument("--json", action="store_true")
    pause = add("pause", "pause all work")
    pause.add_argument("--for", dest="pause_for", metavar="TIME", help="such as 30m or 1h")
    add("resume", "start or resume work")
    add("finish", "take no new work, and stop when the running tasks are done")
    consent_command.add_to(add)
    _add_limits(add("limits", "show or set what this machine may be used for"))
    add("wipe", "remove what ended tasks left; the worker must not be running").add_argument(
        "--caches", action="store_true", help="fetched and compiled programs and images as well"
    )
    add("doctor", "look for what keeps this machine from working").add_argument(
        "--json", action="store_true"
    )
    return parser


def _add_limits(limits: argparse.ArgumentParser) -> None:
    limits.add_argument(
        "--preset", choices=tuple(Preset), type=Preset, help="take all figures of a preset"
    )
    limits.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change limits, after the preset where one is named",
    )
    shown = limits.add_mutually_exclusive_group()
    for how, text in (
        ("json", "print the settings file"),
        ("explain", "print each with bounds and meaning"),
        ("schema", "print the file's JSON Schema"),
    ):
        shown.add_argument(f"--{how}", dest="shown", action="store_const", const=how, help=text)
    limits.set_defaults(shown="settings")


def _run(home: Path, options: argparse.Namespace) -> int:
    from gridle.worker.bootstrap import RunOptions, run_worker  # noqa: PLC0415 - loads all of it

    return run_worker(
        RunOptions(home, options.market, options.payout, options.start, options.with_parent)
    )


def _status(home: Path, *, as_json: bool) -> int:
    with WorkerClient(Endpoint(home), "cli") as worker:
        state = worker.state()
    if as_json:
        print(msgspec.json.encode(state).decode())
    else:
        print("\n".join(status_lines(state, datetime.now(UTC).astimezone())))
    return 0


def _consents(home: Path, options: argparse.Namespace) -> int:
    for line in consent_command.carry_out(home, options):
        print(line)
    return 0


def _wish(options: argparse.Namespace) -> Command:
    match options.command:
        case "pause":
            return PauseWork(_duration_s(options.pause_for))
        case "finish":
            return FinishWork()
        case _:
            return StartWork()


def _tell(home: Path, command: Command) -> int:
    with WorkerClient(Endpoint(home), "cli") as worker:
        worker.ask(command)
    return 0


def _limits(home: Path, options: argparse.Namespace) -> int:
    from gridle.worker.limits_command import (  # noqa: PLC0415 - no running worker needs it
        LimitsRequest,
        carry_out,
    )

    request = LimitsRequest(options.preset, tuple(options.set), options.shown)
    lines = carry_out(home, request, lambda warning: print(warning, file=sys.stderr))
    print("\n".join(lines))
    return 0


def _look_after(home: Path, options: argparse.Namespace) -> int:
    if options.command == "doctor":
        return _doctor(home, as_json=options.json)
    from gridle.worker.wipe_command import wipe_home  # noqa: PLC0415 - no running worker needs it

    print(wipe_home(home, time.time(), with_caches=options.caches))
    return 0


def _doctor(home: Path, *, as_json: bool) -> int:
    from gridle.worker.doctor import examine  # noqa: PLC0415 - loads what others do not need

    loaded = load(home / SETTINGS_NAME, Settings, time.time())
    url = loaded.value.market_url if loaded.value else None
    findings = []
    for finding in examine(home, url):
        findings.append(finding)
        if not as_json:
            print(f"{'ok    ' if finding.works else 'not ok'}  {finding.name}: {finding.sentence}")
    if as_json:
        print(
            json.dumps(
                [
                    {"name": each.name, "works": each.works, "sentence": str(each.sentence)}
                    for each in findings
                ],
                ensure_ascii=False,
            )
        )
    return 0 if all(finding.works for finding in findings) else 1


def _duration_s(untrusted: str | None) -> float | None:
    """Return seconds from `90s`, `30m`, `1h` or `1d`."""
    if untrusted is None:
        return None
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd])", untrusted)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 0 < seconds <= _LONGEST_PAUSE_S:
        raise InvalidInputError(
            f"'{untrusted}' is no time to pause for; write such as 30m or 1h (a year at most).",
            f"“{untrusted}” 不是有效的暂停时长；请写成 30m 或 1h 等形式（最长一年）。",
        )
    return seconds
