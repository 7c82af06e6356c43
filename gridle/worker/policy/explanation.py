"""What a job may do on this machine, in plain words, before it first runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gridle.market.protocol.ids import Address
from gridle.market.protocol.manifest import Manifest, MiB
from gridle.market.protocol.sentence import Sentence

_SECONDS_A_MINUTE = 60


@dataclass(frozen=True)
class Offer:
    """A job as it is offered; `amount` writes money in the market's token."""

    manifest: Manifest
    publisher: Address
    tasks_done: int
    """Of this publisher's, accepted and paid here before."""


def explain(offer: Offer, price: str, funded: str) -> tuple[Sentence, ...]:
    """Return one sentence each on publisher, purpose, fence, data, network, resources and pay.

    Args:
        offer: what is offered.
        price: the pay of one task, as people write it.
        funded: what is deposited for the whole job, as people write it.
    """
    manifest = offer.manifest
    return (
        _publisher(offer),
        Sentence(f"It computes: {manifest.summary}", f"计算内容：{manifest.summary}"),
        _fence(manifest),
        _data(manifest),
        _network(manifest),
        _resources(manifest),
        _pay(len(manifest.tasks), price, funded),
    )


def _pay(tasks: int, price: str, funded: str) -> Sentence:
    each = "its one task" if tasks == 1 else f"each of its {tasks} tasks"
    return Sentence(
        f"It pays {price} for {each}; {funded} is deposited for the whole of it.",
        f"每个任务支付 {price}，共 {tasks} 个任务；已为其全部存入 {funded}。",
    )


def _publisher(offer: Offer) -> Sentence:
    who, done = offer.publisher, offer.tasks_done
    if done == 0:
        return Sentence(
            f"“{offer.manifest.title}” is published by {who}, for whom this computer has not "
            "worked before.",
            f"“{offer.manifest.title}”由 {who} 发布；本机此前未为其工作过。",
        )
    return Sentence(
        f"“{offer.manifest.title}” is published by {who}, who has accepted {done} results of this "
        "computer before.",
        f"“{offer.manifest.title}”由 {who} 发布；其此前已接受本机 {done} 个结果。",
    )


def _fence(manifest: Manifest) -> Sentence:
    if manifest.runtime_kind == "wasm":
        return Sentence(
            "It runs as a WebAssembly program that sees none of your files, programs or devices.",
            "以 WebAssembly 程序运行，看不到您的文件、程序或设备。",
        )
    kernel = Sentence("", "")
    if manifest.isolation == "gvisor":
        kernel = Sentence(", under gVisor", "，并由 gVisor 隔离")
    return Sentence(
        f"It runs in a container{kernel.en} that sees none of your files, programs or devices.",
        f"在容器中运行{kernel.zh}，看不到您的文件、程序或设备。",
    )


def _data(manifest: Manifest) -> Sentence:
    if manifest.data_class == "sealed":
        return Sentence(
            "Its data are sealed: they are readable on this computer while it computes, and are "
            "wiped afterwards.",
            "数据已加密：仅在本机计算期间可读，之后会被清除。",
        )
    return Sentence(
        "Its data are public; they are wiped here when it is done.",
        "数据是公开的；完成后会从本机清除。",
    )


def _network(manifest: Manifest) -> Sentence:
    if not manifest.network_allow:
        return Sentence("It has no network.", "没有网络。")
    hosts = ", ".join(manifest.network_allow)
    return Sentence(
        f"It may reach {hosts} through Gridle's proxy, and nothing else.",
        f"仅可通过 Gridle 代理访问 {hosts}，别无其他。",
    )


def _resources(manifest: Manifest) -> Sentence:
    needs = manifest.resources
    en, zh = zip(*_amounts(manifest), strict=True)
    minutes = max(1, round(needs.wall_limit_s / _SECONDS_A_MINUTE))
    return Sentence(
        f"Each task may use {', '.join(en)}, for at most {minutes} min.",
        f"每个任务最多使用 {'、'.join(zh)}，最长 {minutes} 分钟。",
    )


def _amounts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    needs = manifest.resources
    memory_mib, output_mib = needs.memory_bytes // MiB, max(1, needs.output_max_bytes // MiB)
    yield f"{needs.cores} core{'s' if needs.cores > 1 else ''}", f"{needs.cores} 个核心"
    yield f"{memory_mib} MiB of memory", f"{memory_mib} MiB 内存"
    yield f"{output_mib} MiB of results", f"{output_mib} MiB 结果"
    if needs.gpus:
        cards = "card" if needs.gpus == 1 else "cards"
        yield f"{needs.gpus} graphics {cards}", f"{needs.gpus} 张显卡"
    if manifest.checkpoint:
        state_mib = max(1, manifest.checkpoint.max_bytes // MiB)
        yield f"{state_mib} MiB of saved state", f"{state_mib} MiB 存档"
