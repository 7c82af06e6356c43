"""The secrets of sealed jobs: one owner-only file a job, by its manifest's digest."""

from __future__ import annotations

from pathlib import Path

from gridle.market.client import stored
from gridle.market.protocol.errors import CorruptStateError, RefusedError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import Manifest
from gridle.market.protocol.sealing import JobKey


class JobKeys:
    """The keys under `folder`. Whoever loses one loses the job's results."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, manifest_sha256: Sha256, key: JobKey) -> None:
        """Store a job's key; do so before anything is ordered."""
        stored.write_whole(self._path(manifest_sha256), key.secret.hex().encode() + b"\n")

    def forget(self, manifest_sha256: Sha256) -> None:
        """Remove the key of a job that was never taken."""
        self._path(manifest_sha256).unlink(missing_ok=True)

    def of(self, manifest_sha256: Sha256, manifest: Manifest) -> JobKey | None:
        """Return the key of a sealed job; None for a public one.

        Raises:
            RefusedError: this profile does not have it.
            CorruptStateError: the file is damaged; it is left as it is.
        """
        if manifest.data_class != "sealed":
            return None
        path = self._path(manifest_sha256)
        try:
            key = JobKey(bytes.fromhex(path.read_text("ascii").strip()))
        except FileNotFoundError:
            raise _missing(path) from None
        except ValueError as error:
            raise _damaged(path) from error
        if key.result_key != manifest.result_key:
            raise _damaged(path)
        return key

    def _path(self, manifest_sha256: Sha256) -> Path:
        return self._folder / f"{manifest_sha256}.key"


def _missing(path: Path) -> RefusedError:
    return RefusedError(
        f"This job's data is sealed and its key is not here; use the profile that submitted it, or "
        f"bring {path} back from a backup.",
        f"此任务的数据已密封，而其密钥不在此处；请使用提交它的配置，或从备份恢复 {path}。",
    )


def _damaged(path: Path) -> CorruptStateError:
    return CorruptStateError(
        f"The key file {path} is damaged and was left as it is; restore it from a backup, since "
        "the job's results cannot be opened without it.",
        f"密钥文件 {path} 已损坏，未作任何改动；请从备份恢复，否则无法打开该任务的结果。",
    )
