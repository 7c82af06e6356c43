"""Blobs on disk, each under its digest; a draft becomes a blob only when whole and checked."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import Sha256
from gridle.market.service.errors import TooLargeError, storage_full


class BlobFiles:
    """A folder of blobs; drafts that a killed process left are removed on opening."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / "drafts"
        self._drafts.mkdir(parents=True, exist_ok=True)
        for leftover in self._drafts.iterdir():
            leftover.unlink()

    def path(self, sha256: Sha256) -> Path:
        """Return where the blob of this digest is or would be."""
        return self._folder / sha256[:2] / sha256

    def holds(self, sha256: Sha256) -> bool:
        """Tell whether the file is there; a removal that was broken off leaves a row without."""
        return self.path(sha256).is_file()

    def remove(self, sha256: Sha256) -> None:
        """Remove a blob, if it is there; who reads it at this moment reads on."""
        self.path(sha256).unlink(missing_ok=True)

    def draft(self, sha256: Sha256, max_bytes: int) -> Draft:
        """Begin to receive the blob of this digest."""
        return Draft(self._drafts / secrets.token_hex(8), self.path(sha256), sha256, max_bytes)


class Draft:
    """A blob on its way in. `keep` or `drop` ends it; until then it is nothing."""

    def __init__(self, draft: Path, home: Path, sha256: Sha256, max_bytes: int) -> None:
        self._draft = draft
        self._home = home
        self._sha256 = sha256
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self._file: BinaryIO = draft.open("xb")

    def write(self, untrusted_chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLargeError: more came than is allowed.
            StorageFullError: the disk is full.
        """
        self.size_bytes += len(untrusted_chunk)
        if self.size_bytes > self._max_bytes:
            raise TooLargeError(
                f"This blob is larger than the {self._max_bytes} bytes that this key may still "
                "store here; send a smaller one.",
                f"此数据块超过该密钥在此还可存储的 {self._max_bytes} 字节；请缩小后重试。",
            )
        self._hash.update(untrusted_chunk)
        try:
            self._file.write(untrusted_chunk)
        except OSError as error:
            raise _sentence(error) from error

    def keep(self) -> None:
        """Make it a blob, on disk for good.

        Raises:
            InvalidInputError: the bytes are not those of the digest.
            StorageFullError: the disk is full.
        """
        if self._hash.hexdigest() != self._sha256:
            raise InvalidInputError(
                "These bytes do not have the digest under which they were sent; send them again.",
                "收到的内容与其摘要不符；请重新发送。",
            )
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._home.parent.mkdir(parents=True, exist_ok=True)
            self._draft.replace(self._home)
        except OSError as error:
            raise _sentence(error) from error

    def drop(self) -> None:
        """Remove what is left of the draft; does nothing after `keep`."""
        try:
            self._file.close()
        except OSError:
            # A full disk refuses the last buffered bytes too; they are not wanted any more.
            pass
        finally:
            self._draft.unlink(missing_ok=True)


def _sentence(error: OSError) -> Exception:
    return storage_full() if error.errno in (errno.ENOSPC, errno.EDQUOT) else error
