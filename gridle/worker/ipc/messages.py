"""What the worker and its local clients say to each other.

Newline-delimited JSON over an owner-only Unix socket (Windows: loopback TCP). A client sends
`Hello` with the token; the worker answers `Welcome`, then one `Snapshot`, then a `Changed` with a
growing `seq` after each change. Each `Request` is answered by one `Reply` with its id.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from gridle.market.protocol.ids import Address, JobId, LeaseId, TaskId
from gridle.market.protocol.manifest import RuntimeKind
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.allowance import Reason
from gridle.worker.policy.consent import Answer, Ruling
from gridle.worker.policy.limits import Limits
from gridle.worker.policy.readings import Gpu

IPC_VERSION = 3
MAX_LINE_BYTES = 2**20


class Activity(StrEnum):
    """What the worker does, in one word; `WorkerState.reason` says why."""

    WORKING = "working"
    WAITING = "waiting"
    """Allowed to work, but there is no task to run (yet)."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """The owner has not pressed Start."""


class WorkerTaskState(StrEnum):
    """The life of a task on the worker."""

    OFFERED = "offered"
    FETCHING = "fetching"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHING = "finishing"
    REPORTED = "reported"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"


class TaskView(Struct, frozen=True):
    """One live task as a person sees it."""

    lease_id: LeaseId
    task_id: TaskId
    job_id: JobId
    title: str
    summary: str
    runtime: RuntimeKind
    state: WorkerTaskState
    price_units: int
    progress: float | None
    """0 to 1, of what is to be fetched, or of the estimate of CPU time; None: unknown."""
    cpu_s: float
    started_at: float | None


class Earnings(Struct, frozen=True):
    """Money in base units, by stage. Each accepted unit is in `earned` until `paid`."""

    pending_units: int
    earned_units: int
    paid_units: int
    today_units: int
    """Earned or paid since local midnight."""
    tasks_done: int
    """Accepted tasks, ever."""


class MarketView(Struct, frozen=True):
    """The market as the worker sees it."""

    url: str
    connected: bool
    note: Sentence | None
    """Why it is not connected, or why there is no work."""
    chain: ChainInfo | None


class RuntimeView(Struct, frozen=True):
    """Whether tasks of a kind can run on this machine, and if not, what to do."""

    kind: RuntimeKind
    works: bool
    note: Sentence
    gvisor: bool = False
    """Whether its tasks can run under gVisor, reach named hosts, and hold graphics cards."""
    network: bool = False
    gpus: bool = False


class JobView(Struct, frozen=True):
    """A job that was offered here lately, and what it may do in plain words."""

    job_id: JobId
    publisher: Address
    title: str
    job_class: str
    """See `policy.consent.job_class`."""
    ruling: Ruling
    explanation: tuple[Sentence, ...]
    """Publisher, purpose, fence, data, network, resources, pay: a sentence each."""


class PublisherView(Struct, frozen=True):
    """A standing answer to a publisher's jobs of one class, to one job, or to all (`any`)."""

    publisher: str
    scope: str
    answer: Answer


class WorkerState(Struct, frozen=True):
    """Everything that a client shows."""

    activity: Activity
    reason: Reason
    """The one that decides; the first of the allowance's reasons, or why it waits."""
    allowed_cpu_percent: int
    allowed_cores: int
    tasks: tuple[TaskView, ...]
    earnings: Earnings
    limits: Limits
    market: MarketView
    runtimes: tuple[RuntimeView, ...]
    gpus: tuple[Gpu, ...]
    payout_address: Address
    machine_cores: int
    machine_memory_bytes: int
    warnings: tuple[Sentence, ...]
    """What the owner should know, such as a settings file that was set aside."""
    reasons: tuple[Reason, ...] = ()
    """All that hold now, the deciding one first; empty where only that one is told."""
    allowed_gpu_percent: int = 0
    power_w: float | None = None
    """What the machine draws now; None where it can be neither measured nor estimated."""
    price_micros_per_kwh: int | None = None
    """What electricity costs at this hour; None where the owner set no price and no tariff."""
    currency: str = ""
    """ISO 4217, of the price and of `electricity_today_micros`."""
    energy_today_mj: int = 0
    """Millijoules that tasks used since local midnight."""
    electricity_today_micros: int = 0
    """What that energy cost, in millionths of the currency."""
    jobs: tuple[JobView, ...] = ()
    """Some of those offered lately; the ones whose ruling is `ask`, first, wait for an answer."""
    publishers: tuple[PublisherView, ...] = ()


class Hello(Struct, frozen=True, tag="hello"):
    """First message of a client."""

    token: str
    ipc_version: int
    client: str


class Welcome(Struct, frozen=True, tag="welcome"):
    """First message of the worker."""

    ipc_version: int
    worker_version: str
    pid: int


class Refused(Struct, frozen=True, tag="refused"):
    """The worker closes the connection after this."""

    sentence: Sentence


class Snapshot(Struct, frozen=True, tag="snapshot"):
    """The whole state."""

    seq: int
    state: WorkerState


class Changed(Struct, frozen=True, tag="changed"):
    """The whole state after a change; at most ten a second."""

    seq: int
    state: WorkerState


class StartWork(Struct, frozen=True, tag="start"):
    """The owner presses Start (or resumes)."""


class PauseWork(Struct, frozen=True, tag="pause"):
    """The owner presses Pause; `for_s` None means until Start."""

    for_s: float | None = None


class FinishWork(Struct, frozen=True, tag="finish"):
    """Take no new work, and stop when the running tasks are done; Start takes it back."""


class SetLimits(Struct, frozen=True, tag="set_limits"):
    """Replace the limits."""

    limits: Limits


class AnswerJob(Struct, frozen=True, tag="answer_job"):
    """The owner lets a job run once, or its publisher's jobs of that class always or never."""

    job_id: JobId
    answer: Answer


class JudgePublisher(Struct, frozen=True, tag="judge_publisher"):
    """The owner trusts a publisher (`always`) or blocks it (`never`); None forgets all answers."""

    publisher: Address
    answer: Answer | None


class Shutdown(Struct, frozen=True, tag="shutdown"):
    """End the worker; running tasks are stopped and tried again at the next start."""


Command = StartWork | PauseWork | FinishWork | SetLimits | AnswerJob | JudgePublisher | Shutdown


class Request(Struct, frozen=True, tag="request"):
    """A command with the id by which its reply is known."""

    id: int
    command: Command


class Reply(Struct, frozen=True, tag="reply"):
    """Done, or why not."""

    id: int
    error: Sentence | None = None


FromClient = Hello | Request
FromWorker = Welcome | Refused | Snapshot | Changed | Reply
