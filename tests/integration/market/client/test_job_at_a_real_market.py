"""Submit, work, judge, award, collect: with the real service and the real chain."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridle.market.chain.hub import Hub
from gridle.market.chain.relayer import Relayer
from gridle.market.chain.wallet import Wallet
from gridle.market.client.cli import main
from gridle.market.client.profile import Profile
from gridle.market.practice.chain_faucet import fund
from gridle.market.protocol.messages import Lease
from gridle.market.protocol.money import Appointment
from tests.integration.market.client.market_stack import RawNode, Stack, running_stack
from tests.integration.market.client.sums_job import write_sums_job


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "home") as stack:
        yield stack


@pytest.fixture
def profile(tmp_path: Path, stack: Stack) -> Iterator[Path]:
    """A requestor's folder whose wallet holds play money; what it left open is cancelled."""
    folder = tmp_path / "profile"
    wallet = Profile(folder).wallet(is_play_money=True, ask_password=lambda _: "")
    fund(stack.rpc_url, stack.chain_home, wallet.address, token_units=1_000_000)
    yield folder
    for record in (folder / "jobs").glob("*.json"):
        job("cancel", record.stem, stack=stack, profile=folder)


def job(*arguments: object, stack: Stack, profile: Path) -> int:
    common = ["--market", stack.market_url, "--profile", str(profile)]
    return main([*map(str, arguments), *common])


def answer(lease: Lease, node: RawNode, folder: Path, text: str) -> None:
    node.deliver(lease, {"sum.txt": text.encode()}, folder)


def test_from_submission_to_award(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments='[["{a}", "2"], ["3", "4"]]')
    assert job("submit", manifest, "--set", "a=1", "--json", stack=stack, profile=profile) == 0
    submitted = json.loads(capsys.readouterr().out)
    job_id = submitted["job_id"]
    assert submitted["budget_units"] == 2000

    endings: list[int] = []
    watching = threading.Thread(
        target=lambda: endings.append(job("watch", job_id, stack=stack, profile=profile))
    )
    watching.start()
    node = RawNode(stack.market_url, b"\x01" * 32)
    (wrong,) = node.lease()
    answer(wrong, node, tmp_path, "99")
    verdict = node.verdict(wrong)
    assert not verdict.accepted
    assert "the sum is wrong" in verdict.explanation.en
    paid = 0
    for _ in range(2):
        (lease,) = node.lease()
        answer(lease, node, tmp_path, "3" if lease.task_index == 0 else "7")
        verdict = node.verdict(lease)
        assert verdict.accepted
        assert verdict.voucher is not None
        paid = verdict.voucher.voucher.cumulative_units
        assert verdict.voucher.is_signed_by_signer(Hub([stack.rpc_url], stack.hub).domain())
    assert paid == 2000
    watching.join(30)
    assert endings == [0]
    node.close()

    out = tmp_path / "results"
    assert job("results", job_id, out, stack=stack, profile=profile) == 0
    assert (out / "0" / "sum.txt").read_text() == "3"
    assert (out / "1" / "sum.txt").read_text() == "7"
    assert (out / "combined" / "total.txt").read_text() == "10"
    assert job("results", job_id, out, stack=stack, profile=profile) == 0
    assert "2 of 2 results" in capsys.readouterr().out
    assert job("status", stack=stack, profile=profile) == 0
    assert "2/2 accepted · 0.002 pUSD paid · finished" in capsys.readouterr().out


def test_a_cancelled_job_is_over(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments='[["5", "6"]]')
    assert job("submit", manifest, "--json", stack=stack, profile=profile) == 0
    job_id = json.loads(capsys.readouterr().out)["job_id"]
    assert job("cancel", job_id, stack=stack, profile=profile) == 0
    assert "cancelled" in capsys.readouterr().out
    assert job("watch", job_id, stack=stack, profile=profile) == 1
    assert job("status", job_id, stack=stack, profile=profile) == 0


def test_an_order_without_answer_is_sent_again_as_it_was(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments='[["7", "8"]]')
    assert job("submit", manifest, "--json", stack=stack, profile=profile) == 0
    job_id = json.loads(capsys.readouterr().out)["job_id"]
    files = Profile(profile)
    record = files.job(job_id)
    assert record is not None
    files.keep_unsent(record)  # as if the market's answer had been lost
    assert job("submit", manifest, "--json", stack=stack, profile=profile) == 0
    assert json.loads(capsys.readouterr().out)["job_id"] == job_id
    assert job("submit", manifest, "--json", stack=stack, profile=profile) == 0
    assert json.loads(capsys.readouterr().out)["job_id"] != job_id


def test_a_wallet_without_money_is_told_what_to_run(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments='[["5", "6"]]')
    poor = tmp_path / "poor"
    assert job("submit", manifest, stack=stack, profile=poor) == 4
    address = Profile(poor).wallet(is_play_money=True, ask_password=lambda _: "").address
    assert f"gridle practice fund {address} 1000" in capsys.readouterr().err


def test_a_wallet_that_another_market_signs_for_keeps_its_money(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wallet = Profile(profile).wallet(is_play_money=True, ask_password=lambda _: "")
    hub, other = Hub([stack.rpc_url], stack.hub), Wallet(os.urandom(32))
    relayer = Relayer(hub, os.urandom(32))
    fund(stack.rpc_url, stack.chain_home, relayer.address, gas_wei=10**18)
    told = Appointment(wallet.address, other.address, 5000, int(time.time()) + 86_400, nonce=0)
    relayer.appoint(wallet.sign_appointment(told, hub.domain()))
    manifest = write_sums_job(tmp_path / "job", arguments='[["5", "6"]]')
    assert job("submit", manifest, stack=stack, profile=profile) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Another market or machine still signs" in said
    assert hub.token_balance_units(wallet.address) == 1_000_000
    assert hub.balance_units(wallet.address) == 0


def test_a_malformed_job_is_one_sentence(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments="[[1]]")
    assert job("submit", manifest, stack=stack, profile=tmp_path / "me") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "tasks.arguments" in said


def test_another_persons_job_is_not_shown(
    stack: Stack, profile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_sums_job(tmp_path / "job", arguments='[["5", "6"]]')
    assert job("submit", manifest, "--json", stack=stack, profile=profile) == 0
    job_id = json.loads(capsys.readouterr().out)["job_id"]
    assert job("status", job_id, stack=stack, profile=tmp_path / "other") in (2, 4)
    assert job("cancel", job_id, stack=stack, profile=profile) == 0
