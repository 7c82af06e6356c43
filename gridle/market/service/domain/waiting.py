"""Why somebody waits, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gridle.market.protocol.sentence import Sentence
from gridle.market.service.domain.job import Job
from gridle.market.service.domain.matching import Obstacle, Seeker, obstacle

_FOR_NODE: Mapping[Obstacle, tuple[str, str]] = {
    Obstacle.NO_CONSENT: (
        "{n} tasks wait for this machine's owner to allow their job; see the jobs that ask.",
        "有 {n} 个任务在等待本机主人允许其作业；请查看待答复的作业。",
    ),
    Obstacle.CONTAINER_ENGINE: (
        "{n} tasks wait for a container engine; install Podman or Docker to take them.",
        "有 {n} 个任务在等待容器引擎；安装 Podman 或 Docker 即可承接。",
    ),
    Obstacle.WASM_RUNTIME: (
        "{n} tasks wait for a WebAssembly runtime, which this worker does not offer.",
        "有 {n} 个任务在等待 WebAssembly 运行环境，而本机未提供。",
    ),
    Obstacle.GVISOR: (
        "{n} tasks run under gVisor alone; install gVisor (runsc) to take them.",
        "有 {n} 个任务只能在 gVisor 下运行；安装 gVisor（runsc）即可承接。",
    ),
    Obstacle.NETWORK: (
        "{n} tasks need to reach hosts that they name; allow tasks the network to take them.",
        "有 {n} 个任务需要访问其列出的主机；允许任务使用网络即可承接。",
    ),
    Obstacle.SEALED: (
        "{n} tasks have sealed data, and this worker has no key for it; restart it to take them.",
        "有 {n} 个任务的数据是密封的，而本机没有相应的密钥；重启工作端即可承接。",
    ),
    Obstacle.GPUS: (
        "{n} tasks need more graphics cards than are free here; allow more to take them.",
        "有 {n} 个任务所需显卡数超过本机可用显卡；允许使用更多显卡即可承接。",
    ),
    Obstacle.GPU_MEMORY: (
        "{n} tasks need graphics cards with more memory than those here have.",
        "有 {n} 个任务所需显存超过本机显卡的显存。",
    ),
    Obstacle.PRICE: (
        "{n} tasks pay less than this worker asks; lower the ask to take them.",
        "有 {n} 个任务的报酬低于本机要价；降低要价即可承接。",
    ),
    Obstacle.MEMORY: (
        "{n} tasks need more memory than is free here; allow more memory to take them.",
        "有 {n} 个任务所需内存超过本机可用内存；放宽内存限制即可承接。",
    ),
    Obstacle.CORES: (
        "{n} tasks need more cores than are free here; allow more cores to take them.",
        "有 {n} 个任务所需核心数超过本机可用核心；放宽核心限制即可承接。",
    ),
    Obstacle.UNFUNDED: (
        "{n} tasks are held back until their payer's deposit is confirmed on the chain.",
        "有 {n} 个任务暂缓派发，正等待在链上确认其付款方的押金。",
    ),
    Obstacle.ELSEWHERE_FIRST: (
        "{n} tasks failed here and are tried on other machines first.",
        "有 {n} 个任务曾在本机失败，将先在其他机器上重试。",
    ),
}

_FOR_REQUESTOR: Mapping[Obstacle, tuple[str, str]] = {
    Obstacle.NO_CONSENT: (
        "No connected provider's owner has allowed this job yet; the tasks wait for one who does.",
        "已连接提供者的主人尚未允许此作业；任务正在等待允许者。",
    ),
    Obstacle.CONTAINER_ENGINE: (
        "No connected provider has a container engine; the tasks wait for one that has.",
        "已连接的提供者均没有容器引擎；任务正在等待具备者。",
    ),
    Obstacle.WASM_RUNTIME: (
        "No connected provider offers WebAssembly; the tasks wait for one that does.",
        "已连接的提供者均不支持 WebAssembly；任务正在等待支持者。",
    ),
    Obstacle.GVISOR: (
        "No connected provider runs containers under gVisor; the tasks wait for one that does.",
        "已连接的提供者均未使用 gVisor 运行容器；任务正在等待使用者。",
    ),
    Obstacle.NETWORK: (
        "No connected provider lets tasks reach the hosts that they name; they wait for one.",
        "已连接的提供者均不允许任务访问其列出的主机；任务正在等待允许者。",
    ),
    Obstacle.SEALED: (
        "No connected provider has a key to which data can be sealed; the tasks wait for one.",
        "已连接的提供者均没有可用于密封数据的公钥；任务正在等待具备者。",
    ),
    Obstacle.GPUS: (
        "The tasks need more graphics cards than the connected providers have free; they wait.",
        "任务所需显卡数超过已连接提供者的可用显卡；正在等待。",
    ),
    Obstacle.GPU_MEMORY: (
        "The tasks need cards with more memory than the connected providers' have; they wait.",
        "任务所需显存超过已连接提供者显卡的显存；正在等待。",
    ),
    Obstacle.PRICE: (
        "The price is below what the connected providers ask; offer more, or wait.",
        "报价低于已连接提供者的要价；请提高报价或等待。",
    ),
    Obstacle.MEMORY: (
        "The tasks need more memory than the connected providers have free; they wait.",
        "任务所需内存超过已连接提供者的可用内存；正在等待。",
    ),
    Obstacle.CORES: (
        "The tasks need more cores than the connected providers have free; they wait.",
        "任务所需核心数超过已连接提供者的可用核心；正在等待。",
    ),
    Obstacle.UNFUNDED: (
        "The tasks are held back until the deposit is confirmed on the chain; keep it funded.",
        "任务暂缓派发，正等待在链上确认押金；请保持押金充足。",
    ),
}

NO_JOBS = Sentence(
    "There is no open job at this market now; work is taken as soon as one comes.",
    "本市场目前没有开放的任务；一有任务便会承接。",
)
ALL_TAKEN = Sentence(
    "All tasks of the open jobs are being worked on; the next one is taken as soon as it comes.",
    "所有开放的任务均已在计算中；一有新任务便会承接。",
)
_NOBODY = Sentence(
    "No provider asks for work now; the tasks start as soon as one does.",
    "目前没有提供者在寻找任务；一有提供者便会开始。",
)
_BUSY = Sentence(
    "The connected providers are busy; the tasks start as soon as one is free.",
    "已连接的提供者都在忙；一有空闲便会开始。",
)


def for_node(waiting: Mapping[Obstacle, int], *, any_open_job: bool) -> Sentence:
    """Return why a node that asked got nothing."""
    if not waiting:
        return ALL_TAKEN if any_open_job else NO_JOBS
    worst = max(waiting, key=lambda each: waiting[each])
    en, zh = _FOR_NODE[worst]
    return Sentence(en.format(n=waiting[worst]), zh.format(n=waiting[worst]))


def for_requestor(job: Job, asking: Iterable[Seeker], *, is_funded: bool) -> Sentence:
    """Return why no task of a job is worked on, given what nodes asked for lately."""
    if not is_funded:
        return Sentence(*_FOR_REQUESTOR[Obstacle.UNFUNDED])
    found = [obstacle(job, seeker) for seeker in asking]
    if not found:
        return _NOBODY
    first = found[0]
    if first is None or None in found:
        return _BUSY
    return Sentence(*_FOR_REQUESTOR[first])
