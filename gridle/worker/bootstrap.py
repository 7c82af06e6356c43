"""Puts the worker together: the only module that constructs its adapters."""

from __future__ import annotations

import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from gridle.home_lock import HomeLock
from gridle.lifeline import announce_ready, end_with_parent
from gridle.market.protocol.eip712 import checksum_address
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.identity import Identity, load_identity
from gridle.market.protocol.sealing_identity import SealingIdentity, load_sealing_identity
from gridle.market.protocol.sentence import Sentence
from gridle.worker.agent.agent import Agent
from gridle.worker.agent.parts import TASKS_NAME, Parts
from gridle.worker.images.addresses import is_near
from gridle.worker.images.store import ImageStore
from gridle.worker.images.supply import ImageSupply
from gridle.worker.ipc.endpoint import Endpoint
from gridle.worker.ipc.messages import WorkerState
from gridle.worker.ipc.server import IpcServer
from gridle.worker.ledger.connection import connect
from gridle.worker.ledger.images import ImageTable
from gridle.worker.ledger.ledger import open_ledger
from gridle.worker.ledger.live_view import live_of
from gridle.worker.local_zone import LocalZone
from gridle.worker.memory_arenas import share_one_arena
from gridle.worker.policy.limits import Limits, MiB, default_limits
from gridle.worker.probes.build import build_probes
from gridle.worker.probes.machine.clock_watch import clock_reader
from gridle.worker.sandbox.build import build_sandboxes
from gridle.worker.sandbox.engine import ask_program
from gridle.worker.sandbox.own_tasks import OwnTasks
from gridle.worker.settings import LIMITS_NAME, SETTINGS_NAME, Settings, load, save
from gridle.worker.sources.market import MarketSource
from gridle.worker.traces import Live, find_traces, look, remove

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_WORKER_ID_CHARS = 12
LOCK_NAME = "worker.lock"


@dataclass(frozen=True)
class RunOptions:
    """What the command line asked for; None means as remembered."""

    home: Path
    market_url: str | None
    payout: str | None
    starts: bool
    with_parent: bool


def run_worker(options: RunOptions) -> int:
    """Run the worker until a signal, its parent's end or a client's Shutdown; returns 0.

    Raises:
        GridleError: it cannot run; the sentence says what to do.
    """
    share_one_arena()
    with ExitStack() as stack:
        stack.enter_context(HomeLock(options.home / LOCK_NAME, _already_running()))
        now = time.time()
        loaded = load(options.home / SETTINGS_NAME, Settings, now)
        settings = _settings(options, loaded.value or Settings())
        parts = _parts(options.home, settings, loaded.warning, now)
        door = _Door(Endpoint(options.home))
        agent = Agent(parts, door.publish)
        if options.starts:
            agent.begin_work()
        _end_on_signals(agent.stop)
        if options.with_parent:
            end_with_parent(agent.stop)
        agent.start()
        stack.callback(_end, agent)
        door.open(agent)
        stack.callback(door.close)
        announce_ready(pid=os.getpid(), socket=str(door.endpoint.socket_path))
        agent.join()
    return 0 if agent.ended_well else 1


def _end(agent: Agent) -> None:
    """Make sure that the agent has ended, also where the door could not be opened."""
    agent.stop()
    agent.join()


class _Door:
    """The local door opens with the first state, and shows each that follows."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._newest: WorkerState | None = None
        self._server: IpcServer | None = None

    def publish(self, state: WorkerState) -> None:
        """Take a newer state."""
        with self._lock:
            self._newest = state
            if self._server is not None:
                self._server.publish(state)

    def open(self, agent: Agent) -> None:
        """Open the door; there is a state by now."""
        with self._lock:
            if self._newest is not None:
                self._server = IpcServer(self.endpoint, self._newest, agent.ask)

    def close(self) -> None:
        """Shut it."""
        if self._server is not None:
            self._server.close()


def _settings(options: RunOptions, remembered: Settings) -> Settings:
    """Return what holds now, remembered for the next time.

    Raises:
        InvalidInputError: something is malformed, or was never given.
    """
    url = _checked_url(options.market_url) or remembered.market_url
    payout = _checked_address(options.payout) or remembered.payout_address
    if url is None or payout is None:
        raise InvalidInputError(
            "The worker needs a market and an address to be paid at: `gridle worker run --market "
            "URL --payout ADDRESS`; to try it all with play money, run `gridle practice`.",
            "工作端需要市场地址和收款地址：`gridle worker run --market URL --payout ADDRESS`；"
            "想用练习币试用，请运行 `gridle practice`。",
        )
    settings = Settings(url, payout)
    if settings != remembered:
        save(options.home / SETTINGS_NAME, settings)
    return settings


def _checked_url(untrusted: str | None) -> str | None:
    if untrusted is not None and not _URL.fullmatch(untrusted):
        raise InvalidInputError(
            f"'{untrusted}' is not a market's URL; it begins with https:// (or http:// here).",
            f"“{untrusted}” 不是市场网址；它应以 https://（本机可用 http://）开头。",
        )
    return untrusted


def _checked_address(untrusted: str | None) -> str | None:
    if untrusted is None:
        return None
    if not _ADDRESS.fullmatch(untrusted):
        raise InvalidInputError(
            f"'{untrusted}' is not a wallet address: 0x and 40 hexadecimal digits.",
            f"“{untrusted}” 不是钱包地址：应为 0x 加 40 位十六进制数字。",
        )
    address = checksum_address(untrusted)
    one_case = untrusted[2:] in (untrusted[2:].lower(), untrusted[2:].upper())
    if not one_case and untrusted != address:
        raise InvalidInputError(
            f"The wallet address '{untrusted}' has a typing error: its checksum is wrong.",
            f"钱包地址“{untrusted}”有误：校验和不正确。",
        )
    return address


def _parts(home: Path, settings: Settings, warning: Sentence | None, now: float) -> Parts:
    identity = load_identity(home / "node.key")
    opened = open_ledger(home / "ledger.sqlite", now)
    cores = psutil.cpu_count() or 1
    memory_bytes = psutil.virtual_memory().total
    limits = load(home / LIMITS_NAME, Limits, now)
    url, payout = settings.market_url or "", settings.payout_address or ""
    sealing = _sealing(home, identity, live_of(opened.ledger))
    source = MarketSource(url, identity, payout, home / "blobs", sealing=sealing)
    held = _HeldLimits(home / LIMITS_NAME, limits.value or default_limits(cores, memory_bytes))
    table = ImageTable(connect(home / "ledger.sqlite"))
    images = ImageStore(ask_program, table, held.value.tasks.images_mib * MiB)
    held.images = images
    sandboxes = build_sandboxes(
        home,
        identity.public_key[:_WORKER_ID_CHARS],
        images,
        gvisor=lambda: held.value.tasks.gvisor,
    )
    return Parts(
        home=home,
        ledger=opened.ledger,
        source=source,
        sandboxes={sandbox.kind: sandbox for sandbox in sandboxes},
        supply=ImageSupply(home / "images", source.paces, source.blob, allows_near=is_near(url)),
        hold_images=images.hold,
        task_network=sandboxes.container.doors,
        probes=build_probes(home, OwnTasks(home / TASKS_NAME)),
        limits=held.value,
        save_limits=held.save,
        node=identity.public_key,
        market_url=url,
        payout_address=payout,
        cores=cores,
        memory_bytes=memory_bytes,
        warnings=tuple(each for each in (warning, limits.warning, opened.warning) if each),
        clock=time.time,
        clocks=clock_reader(),
        zone=LocalZone(),
        new_salt=lambda: secrets.token_hex(32),
    )


def _sealing(home: Path, identity: Identity, live: Live) -> SealingIdentity:
    """Remove what earlier runs left of ended tasks; return the key for the data of new ones.

    It is replaced whenever nothing is left that was wrapped to it: nobody opens old traffic then.
    """
    with suppress(OSError):  # the doctor names what cannot be removed
        remove(home, find_traces(look(home), live))
    return load_sealing_identity(home / "sealing.key", identity, is_needed=bool(live.leases))


class _HeldLimits:
    """The limits as they are on disk, for whoever has to ask for them at each start of a task."""

    def __init__(self, path: Path, value: Limits) -> None:
        self._path = path
        self.value = value
        self.images: ImageStore | None = None

    def save(self, limits: Limits) -> None:
        """Write new limits; the old ones hold where that fails."""
        save(self._path, limits)
        self.value = limits
        if self.images is not None:
            self.images.quota_bytes = limits.tasks.images_mib * MiB


def _end_on_signals(end: Callable[[], None]) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _number, _frame: end())


def _already_running() -> UnavailableError:
    return UnavailableError(
        "A worker is already running here; `gridle worker status` shows what it does.",
        "本机已有工作端在运行；用 `gridle worker status` 查看其状态。",
    )
