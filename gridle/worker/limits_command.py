"""`gridle worker limits`: shows and sets limits, through the worker or in its file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.client import WorkerClient
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import SetLimits
from gridle.worker.limit_settings import changed
from gridle.worker.limit_table import explained_lines, setting_lines
from gridle.worker.policy.limits import Limits, default_limits
from gridle.worker.policy.presets import Preset, with_preset
from gridle.worker.settings import LIMITS_NAME, load, save

Wanted = Callable[[Limits], Limits]
Shown = Literal["settings", "json", "explain", "schema"]
Warn = Callable[[Sentence], None]


@dataclass(frozen=True)
class LimitsRequest:
    """What to change, the preset first, and how to show what holds then."""

    preset: Preset | None
    settings: tuple[str, ...]
    shown: Shown


def carry_out(home: Path, request: LimitsRequest, warn: Warn) -> tuple[str, ...]:
    """Make the change, if there is one, and return the lines to show.

    Args:
        home: the folder of the worker's own files.
        request: what to change and to show.
        warn: is told at once of a file that was damaged and set aside.

    Raises:
        InvalidInputError: a setting that does not fit; nothing was changed.
        RefusedError: the worker did not take the change.
        UnavailableError: no worker runs, and its file cannot be used.
    """
    if request.shown == "schema":
        return (_indented(msgspec.json.schema(Limits)),)
    cores, memory_bytes = psutil.cpu_count() or 1, psutil.virtual_memory().total
    usual = default_limits(cores, memory_bytes)

    def wanted(limits: Limits) -> Limits:
        if request.preset is not None:
            limits = with_preset(limits, request.preset, cores, memory_bytes)
        return changed(limits, request.settings)

    limits = _in_force(home, usual, wanted, warn)
    match request.shown:
        case "json":
            return (msgspec.json.encode(limits).decode(),)
        case "explain":
            return tuple(explained_lines(limits, usual))
        case _:
            return tuple(setting_lines(limits))


def _in_force(home: Path, usual: Limits, wanted: Wanted, warn: Warn) -> Limits:
    """Change limits where a worker runs through it, else on disk; return those that hold then."""
    try:
        with WorkerClient(Endpoint(home), "cli") as worker:
            limits = worker.state().limits
            after = wanted(limits)
            if after != limits:
                worker.ask(SetLimits(after))
            return after
    except UnavailableError:
        return _on_disk(home / LIMITS_NAME, usual, wanted, warn)


def _on_disk(path: Path, usual: Limits, wanted: Wanted, warn: Warn) -> Limits:
    loaded = load(path, Limits, time.time())
    if loaded.warning is not None:
        warn(loaded.warning)
    limits = loaded.value or usual
    after = wanted(limits)
    if after != limits:
        save(path, after)
    return after


def _indented(tree: object) -> str:
    return msgspec.json.format(msgspec.json.encode(tree)).decode()
