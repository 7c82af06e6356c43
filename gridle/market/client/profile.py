"""A requestor's folder: its client key, its wallet, its jobs and the keys of the sealed ones."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import platformdirs
from msgspec import Struct

from gridle.market.chain.wallet import Wallet, create_wallet, load_wallet
from gridle.market.client import stored
from gridle.market.client.job_keys import JobKeys
from gridle.market.protocol.errors import CorruptStateError, RefusedError
from gridle.market.protocol.identity import Identity, load_identity
from gridle.market.protocol.ids import JobId, Sha256
from gridle.market.protocol.money import SignedOrder

PLAY_ROUNDS = 1

AskPassword = Callable[[bool], str]
"""Ask the person for the wallet's password; True when it is to be chosen for a new wallet."""


class JobRecord(Struct, frozen=True):
    """A job that this profile ordered, and where its sources are."""

    market_url: str
    manifest_path: str
    manifest_sha256: Sha256
    order: SignedOrder
    job_id: JobId | None = None
    """None until the market answered."""
    open_sha256: Sha256 | None = None
    """Of a sealed job: its manifest's digest in the open form, by which it is known again."""

    @property
    def known_by(self) -> Sha256:
        """The digest that the same sources give again."""
        return self.open_sha256 or self.manifest_sha256


def default_profile() -> Path:
    """Return the platform's folder for the requestor's files."""
    return Path(platformdirs.user_data_dir("gridle", False)) / "requestor"  # noqa: FBT003 - no author folder


class Profile:
    """The files of one requestor in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_new(self) -> bool:
        """Whether it has no wallet yet."""
        return not self._keystore.exists()

    def identity(self) -> Identity:
        """Return the client key, made on first use."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return load_identity(self.folder / "client.key")

    def wallet(self, *, is_play_money: bool, ask_password: AskPassword) -> Wallet:
        """Return the wallet, made on first use.

        For play money its password is random and lies in an owner-only file beside it: nothing
        of worth is behind it. For real money a person is asked, and nothing is stored.

        Raises:
            RefusedError: a wallet made for play money is to be used for real money.
            GridleError: damaged keystore or wrong password.
        """
        if is_play_money:
            password = self._play_password()
        elif self._play_password_path.exists():
            raise RefusedError(
                "This profile's wallet was made for play money and is not safe for real money; "
                "choose another folder with --profile.",
                "此配置的钱包是为练习币创建的，不适合真钱；请用 --profile 另选一个文件夹。",
            )
        else:
            password = ask_password(self.is_new)
        if not self.is_new:
            return load_wallet(self._keystore, password)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if is_play_money:
            # Stretching guards a password that could be guessed, not one that lies beside it.
            return create_wallet(self._keystore, password, kdf="pbkdf2", rounds=PLAY_ROUNDS)
        return create_wallet(self._keystore, password)

    @property
    def keys(self) -> JobKeys:
        """The keys of its sealed jobs."""
        return JobKeys(self.folder / "keys")

    def unsent(self, open_sha256: Sha256) -> JobRecord | None:
        """Return the order of this manifest that was signed and not answered, if any."""
        return stored.load(self._unsent_path(open_sha256), JobRecord)

    def unsent_files(self, open_sha256: Sha256) -> Path:
        """Return the folder of a job's sealed files, until it is sent or forgotten."""
        return self.folder / "unsent" / f"{open_sha256}.sealed"

    def keep_unsent(self, record: JobRecord) -> None:
        """Remember an order before it is sent, so that it is never ordered twice."""
        stored.save(self._unsent_path(record.known_by), record)

    def keep_sent(self, record: JobRecord, job_id: JobId) -> None:
        """Remember a job that the market took."""
        sent = JobRecord(
            market_url=record.market_url,
            manifest_path=record.manifest_path,
            manifest_sha256=record.manifest_sha256,
            order=record.order,
            job_id=job_id,
            open_sha256=record.open_sha256,
        )
        stored.save(self.folder / "jobs" / f"{job_id}.json", sent)
        self._drop_unsent(record)

    def forget(self, record: JobRecord) -> None:
        """Drop an order that the market refused."""
        self._drop_unsent(record)
        self.keys.forget(record.manifest_sha256)

    def job(self, job_id: JobId) -> JobRecord | None:
        """Return what is remembered of a job."""
        return stored.load(self.folder / "jobs" / f"{job_id}.json", JobRecord)

    @property
    def _keystore(self) -> Path:
        return self.folder / "wallet.json"

    @property
    def _play_password_path(self) -> Path:
        return self.folder / "wallet.password"

    def _unsent_path(self, open_sha256: Sha256) -> Path:
        return self.folder / "unsent" / f"{open_sha256}.json"

    def _drop_unsent(self, record: JobRecord) -> None:
        self._unsent_path(record.known_by).unlink(missing_ok=True)
        shutil.rmtree(self.unsent_files(record.known_by), ignore_errors=True)

    def _play_password(self) -> str:
        if not self._play_password_path.exists():
            stored.write_whole(self._play_password_path, secrets.token_urlsafe(24).encode())
        try:
            return self._play_password_path.read_text("ascii").strip()
        except UnicodeDecodeError as error:
            raise CorruptStateError(
                f"The password file {self._play_password_path} is damaged and was left as it is; "
                "restore it from a backup, or move its folder away to start with a new wallet.",
                f"密码文件 {self._play_password_path} 已损坏，未作任何改动；请从备份恢复，"
                "或将其所在文件夹移走以启用新钱包。",
            ) from error
