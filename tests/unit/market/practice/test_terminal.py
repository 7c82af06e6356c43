from __future__ import annotations

import pytest

from gridle.market.practice.terminal import notices, one_line
from gridle.market.protocol.messages import ChainInfo
from gridle.market.protocol.sentence import Sentence
from gridle.worker.ipc.messages import (
    Activity,
    Earnings,
    MarketView,
    RuntimeView,
    WorkerState,
)
from gridle.worker.policy.allowance import Reason, ReasonCode
from gridle.worker.policy.limits import default_limits

ADDRESS = "0x" + "11" * 20
CHAIN = ChainInfo(1, "http://127.0.0.1:1", ADDRESS, ADDRESS, "pUSD", 6, is_play_money=True)


def _state(*runtimes: RuntimeView, chain: ChainInfo | None = CHAIN) -> WorkerState:
    return WorkerState(
        activity=Activity.WORKING,
        reason=Reason(ReasonCode.AWAY, Sentence("Working: away.", "正在工作。")),
        allowed_cpu_percent=80,
        allowed_cores=2,
        tasks=(),
        earnings=Earnings(1500, 2500, 4000, 6500, 3),
        limits=default_limits(2, 2**30),
        market=MarketView("http://market", connected=True, note=None, chain=chain),
        runtimes=runtimes,
        gpus=(),
        payout_address=ADDRESS,
        machine_cores=2,
        machine_memory_bytes=2**30,
        warnings=(Sentence("A file was set aside.", "一个文件已被移开。"),),
    )


def test_one_line_says_why_and_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")
    line = one_line(_state())
    assert line.startswith("Working: away.")
    assert line.endswith("pending 0.0015 pUSD → earned 0.0025 pUSD → paid 0.004 pUSD")


def test_it_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "zh_CN")
    assert "已支付 0.004 pUSD" in one_line(_state())


def test_before_the_market_answers_no_amount_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")
    assert one_line(_state(chain=None)) == "Working: away."


def test_what_waits_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLE_LANG", "en")
    broken = RuntimeView("container", works=False, note=Sentence("Install Podman.", "请安装。"))
    works = RuntimeView("wasm", works=True, note=Sentence("It runs.", "可以运行。"))
    assert notices(_state(broken, works)) == (
        "Waiting (container): Install Podman.",
        "A file was set aside.",
    )
