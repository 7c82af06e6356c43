from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.market.chain.wallet import create_wallet
from gridle.market.client.profile import JobRecord, Profile
from gridle.market.protocol.errors import CorruptStateError, RefusedError
from gridle.market.protocol.money import JobOrder, SignedOrder

SHA = "ab" * 32
JOB = "job-0123456789abcdef"
RECORD = JobRecord(
    market_url="http://market",
    manifest_path="/job/manifest.toml",
    manifest_sha256=SHA,
    order=SignedOrder(JobOrder(SHA, "0x" + "11" * 20, 5, 6), "0x" + "22" * 65),
)


@pytest.fixture(autouse=True)
def _quick_keystores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "gridle.market.client.profile.create_wallet",
        lambda path, password, **_: create_wallet(path, password, kdf="pbkdf2", rounds=1),
    )


def nobody(*_: object) -> str:
    pytest.fail("nobody is to be asked")


def asked(answers: list[bool]) -> Callable[[bool], str]:
    def ask(is_new: bool) -> str:  # noqa: FBT001 - the shape of AskPassword
        answers.append(is_new)
        return "secret"

    return ask


def test_a_play_wallet_asks_nobody_and_stays(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "me")
    new = [profile.is_new]
    wallet = profile.wallet(is_play_money=True, ask_password=nobody)
    new.append(profile.is_new)
    assert new == [True, False]
    assert profile.wallet(is_play_money=True, ask_password=nobody).address == wallet.address
    password = tmp_path / "me" / "wallet.password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600


def test_a_wallet_for_real_money_keeps_no_password(tmp_path: Path) -> None:
    profile, answers = Profile(tmp_path / "me"), list[bool]()
    first = profile.wallet(is_play_money=False, ask_password=asked(answers))
    again = profile.wallet(is_play_money=False, ask_password=asked(answers))
    assert first.address == again.address
    assert answers == [True, False]
    files = [path for path in (tmp_path / "me").iterdir() if path.is_file()]
    assert not any("secret" in path.read_text() for path in files)


def test_a_play_wallet_is_not_used_for_real_money(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "me")
    profile.wallet(is_play_money=True, ask_password=nobody)
    with pytest.raises(RefusedError, match="play money"):
        profile.wallet(is_play_money=False, ask_password=nobody)


def test_an_order_is_remembered_before_and_after_it_is_sent(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "me")
    assert profile.unsent(SHA) is None
    profile.keep_unsent(RECORD)
    assert profile.unsent(SHA) == RECORD
    profile.keep_sent(RECORD, JOB)
    assert profile.unsent(SHA) is None
    kept = profile.job(JOB)
    assert kept is not None
    assert (kept.job_id, kept.order) == (JOB, RECORD.order)
    profile.keep_unsent(RECORD)
    profile.forget(RECORD)
    assert profile.unsent(SHA) is None


def test_the_client_key_stays(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "me")
    assert profile.identity().public_key == profile.identity().public_key


def test_a_damaged_play_password_is_said_and_left(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    profile.wallet(is_play_money=True, ask_password=nobody)
    (tmp_path / "wallet.password").write_bytes(b"\xff\x80")
    with pytest.raises(CorruptStateError, match=r"wallet\.password is damaged"):
        profile.wallet(is_play_money=True, ask_password=nobody)
    assert (tmp_path / "wallet.password").read_bytes() == b"\xff\x80"
