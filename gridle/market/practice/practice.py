"""A whole market on one machine: chain, service, sample requestor and worker, as children."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from gridle.home_lock import HomeLock
from gridle.market.client.profile import Profile
from gridle.market.practice.chain_faucet import fund
from gridle.market.practice.child import ChildPlan, last_words
from gridle.market.practice.places import Places
from gridle.market.practice.supervisor import Supervisor
from gridle.market.protocol.errors import UnavailableError
from gridle.market.protocol.ids import Address
from gridle.market.protocol.sentence import Sentence
from gridle.practice_home import PracticeFacts
from gridle.resources_folder import resources_folder

RELAYER_GAS_WEI = 10**21
REDEEM_EVERY_S = 3.0
STATE_FOLDER_MODE = 0o700


@dataclass
class Practice:
    """One running practice. A context manager: leaving it ends every child."""

    home: Path
    say: Callable[[Sentence], None]
    jobs: Path = field(default_factory=lambda: resources_folder() / "practice-jobs")
    idle_after_s: int = 10
    """In practice the owner counts as away soon: the newcomer wants to see both states."""
    facts: PracticeFacts = field(init=False)
    payer: Address = field(init=False)
    payee: Address = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.home)
        self.supervisor = Supervisor(self.say)
        self._lock = _home_lock(self.home)

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True, mode=STATE_FOLDER_MODE)
        self._lock.take()
        try:
            self._start_market()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.supervisor.end_all()
        self.places.facts.unlink(missing_ok=True)
        self._lock.release()

    def _start_market(self) -> None:
        """Start all that the worker needs, in the order in which each needs the other."""
        self.say(Sentence("Starting the practice chain …", "正在启动练习链……"))
        chain = self._start_chain()
        self.say(Sentence("Starting the market …", "正在启动市场……"))
        market_url = self._start_service(chain)
        self.facts = PracticeFacts(
            market_url=market_url,
            rpc_url=str(chain["rpc_url"]),
            hub=str(chain["hub"]),
            token=str(chain["token"]),
            chain_home=str(self.places.chain),
            pid=os.getpid(),
        )
        self._write_facts()
        self.say(Sentence("Starting the sample requestor …", "正在启动示例需求方……"))
        self.payer = self._start_requestor()
        self.payee = self._wallet_address()

    def start_worker(self) -> None:
        """Start the worker; from here on this computer earns."""
        self.say(Sentence("Starting the worker …", "正在启动工作程序……"))
        if not (self.places.worker / "limits.json").exists():
            # the market's own programs, here beside the worker, are no stranger's work
            settings = (f"idle_after_s={self.idle_after_s}", "foreign_cpu_max_percent=100")
            self._run_once("worker", "limits", "--set", *settings)
        self.supervisor.start(
            self._plan(
                "worker",
                [
                    *("-m", "gridle", "worker", "run", "--start"),
                    *("--market", self.facts.market_url, "--payout", self.payee),
                ],
            )
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of every child."""
        return {
            **os.environ,
            "GRIDLE_WORKER_HOME": str(self.places.worker),
            "GRIDLE_PRACTICE_HOME": str(self.home),
        }

    def _start_chain(self) -> dict[str, object]:
        arguments = ["-m", "gridle.market.practice.chain_process", "--home", str(self.places.chain)]

        def again(facts: dict[str, object]) -> ChildPlan:
            return self._plan("chain", [*arguments, "--port", _port(facts["rpc_url"])])

        return self.supervisor.start(self._plan("chain", arguments), again)

    def _start_service(self, chain: dict[str, object]) -> str:
        arguments = [
            *("-m", "gridle", "market", "serve", "--home", str(self.places.market)),
            *("--rpc-url", str(chain["rpc_url"]), "--hub", str(chain["hub"])),
            *("--name", "Practice market", "--play-money"),
            *("--redeem-every-s", str(REDEEM_EVERY_S)),
        ]

        def again(facts: dict[str, object]) -> ChildPlan:
            return self._plan("market", [*arguments, "--port", _port(facts["url"])])

        facts = self.supervisor.start(self._plan("market", arguments), again)
        fund(
            str(chain["rpc_url"]),
            self.places.chain,
            str(facts["relayer"]),
            gas_wei=RELAYER_GAS_WEI,
        )
        return str(facts["url"])

    def _start_requestor(self) -> Address:
        facts = self.supervisor.start(
            self._plan(
                "requestor",
                [
                    *("-m", "gridle.market.practice.requestor"),
                    *("--home", str(self.places.requestor), "--market", self.facts.market_url),
                    *("--chain-home", self.facts.chain_home, "--rpc-url", self.facts.rpc_url),
                    *("--jobs", str(self.jobs)),
                    *("--results", str(self.places.results)),
                ],
            )
        )
        return str(facts["payer"])

    def _wallet_address(self) -> Address:
        """Return the provider's address, making its keystore on the first run."""
        profile = Profile(self.places.wallet)
        return profile.wallet(is_play_money=True, ask_password=_never_asked).address

    def _write_facts(self) -> None:
        draft = self.places.facts.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self.facts))
        draft.replace(self.places.facts)

    def _plan(self, name: str, arguments: list[str]) -> ChildPlan:
        return ChildPlan(name, arguments, self.environment(), self.places.log(name))

    def _run_once(self, *arguments: str) -> None:
        log = self.places.log("worker")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "-m", "gridle", *arguments],
                env=self.environment(),
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode != 0:
            words = last_words(log)
            raise UnavailableError(
                f"The worker's limits could not be set: {words}", f"无法设置工作程序的限制：{words}"
            )


def start_over(home: Path) -> None:
    """Delete a practice's files: chain, market, wallet and results, all of it play.

    Raises:
        UnavailableError: a practice runs there.
    """
    lock = _home_lock(home)
    if home.exists():
        lock.take()
        shutil.rmtree(home)
        lock.release()


def running_practice(home: Path) -> PracticeFacts:
    """Return how to reach the practice that runs in `home`.

    Raises:
        UnavailableError: none runs there.
    """
    path = Places(home).facts
    try:
        facts = msgspec.json.decode(path.read_bytes(), type=PracticeFacts)
    except (OSError, msgspec.DecodeError) as error:
        raise _none_runs() from error
    # What a killed practice left behind says nothing: a living one holds its lock.
    lock = _home_lock(home)
    try:
        lock.take()
    except UnavailableError:
        return facts
    lock.release()
    raise _none_runs()


def _none_runs() -> UnavailableError:
    return UnavailableError(
        "No practice runs here; start one with `gridle practice`.",
        "这里没有正在运行的练习；请用 `gridle practice` 启动。",
    )


def _home_lock(home: Path) -> HomeLock:
    taken = UnavailableError(
        f"Another practice already runs in {home}; end it first, or choose another folder "
        "with --home.",
        f"{home} 中已有练习环境在运行；请先结束它，或用 --home 另选文件夹。",
    )
    return HomeLock(Places(home).lock, taken)


def _never_asked(_: bool) -> str:  # noqa: FBT001 - the signature that a profile asks for
    raise AssertionError


def _port(url: object) -> str:
    return str(url).rstrip("/").rsplit(":", 1)[1]
