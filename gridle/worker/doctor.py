"""Looks over this machine: what works, what does not, and what to do about it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from gridle.market.protocol.sentence import Sentence
from gridle.worker.doctor_engine import engine_findings
from gridle.worker.finding import Finding
from gridle.worker.policy.limits import KEEP_FREE_MIB, Limits, MiB
from gridle.worker.policy.readings import OurUse
from gridle.worker.policy.sentences import disk_short, unseen
from gridle.worker.sandbox.engine_search import find_engine
from gridle.worker.settings import LIMITS_NAME, load

_MARKET_TIMEOUT_S = 5.0


def examine(home: Path, market_url: str | None) -> Iterator[Finding]:
    """Yield the findings one by one, since some take seconds."""
    yield _folder(home)
    yield from _sandboxes(home)
    yield _probes(home)
    yield _market(market_url)


def _folder(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = home / f"doctor-{os.getpid()}.new"
        draft.write_bytes(b"ok")
        draft.unlink()
        short = _disk_short(home)
    except OSError as error:
        return Finding(
            "folder",
            works=False,
            sentence=Sentence(
                f"The folder {home} cannot be written ({error.strerror}); choose another with "
                "--home, or change its permissions.",
                f"无法写入文件夹 {home}（{error.strerror}）；请换用 --home 或修改权限。",
            ),
        )
    fine = Sentence(f"The folder {home} can be written.", f"文件夹 {home} 可写。")
    return Finding("folder", short is None, short or fine)


def _disk_short(home: Path) -> Sentence | None:
    """Say that less is free than the owner's limits keep; None where there is room."""
    limits = load(home / LIMITS_NAME, Limits, time.time()).value
    keep_mib = limits.disk_keep_free_mib if limits else KEEP_FREE_MIB
    free_mib = shutil.disk_usage(home).free // MiB
    return disk_short(free_mib, keep_mib) if free_mib < keep_mib else None


def _sandboxes(home: Path) -> Iterator[Finding]:
    from gridle.worker.sandbox.build import build_sandboxes  # noqa: PLC0415 - loads wasmtime's host

    for sandbox in build_sandboxes(home, "doctor"):
        if sandbox.kind == "container":
            yield from engine_findings(find_engine())
            continue
        found = sandbox.availability()
        yield Finding(sandbox.kind, found.works, found.explanation)
        sandbox.close()


def _probes(home: Path) -> Finding:
    from gridle.worker.probes.build import build_probes  # noqa: PLC0415 - only this one needs it

    probes = build_probes(home)
    try:
        probes.start(lambda: None)
        readings = probes.read(OurUse())
    finally:
        probes.close()
    if readings.session_unseen:
        sentence = unseen(readings.blindness)
    elif readings.seconds_since_input is None:
        sentence = Sentence(
            "There is no desktop session: this machine counts as unused.",
            "没有桌面会话：本机视为空闲。",
        )
    else:
        idle_s = int(readings.seconds_since_input)
        sentence = Sentence(
            f"Keyboard and mouse are seen; the last input was {idle_s} s ago.",
            f"可感知键盘与鼠标；上次输入在 {idle_s} 秒前。",
        )
    return Finding("probes", not readings.session_unseen, sentence)


def _market(url: str | None) -> Finding:
    if url is None:
        sentence = Sentence(
            "No market is set; give one with `gridle worker run --market URL`.",
            "尚未设置市场；请用 `gridle worker run --market URL` 指定。",
        )
        return Finding("market", works=False, sentence=sentence)
    import requests  # noqa: PLC0415 - 20 MB that only this finding needs

    from gridle.market.protocol import routes  # noqa: PLC0415 - goes with it

    try:
        answer = requests.get(url.rstrip("/") + routes.MARKET, timeout=_MARKET_TIMEOUT_S)
        answer.raise_for_status()
    except requests.RequestException:
        sentence = Sentence(
            f"The market at {url} does not answer; check the URL and this machine's network.",
            f"位于 {url} 的市场没有响应；请检查网址与本机网络。",
        )
        return Finding("market", works=False, sentence=sentence)
    return Finding(
        "market",
        works=True,
        sentence=Sentence(f"The market at {url} answers.", f"位于 {url} 的市场有响应。"),
    )
