from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.service.blob_files import BlobFiles, Draft
from gridle.market.service.errors import StorageFullError, TooLargeError

CONTENT = b"some bytes"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_whole_blob_is_kept(tmp_path: Path) -> None:
    blobs = BlobFiles(tmp_path)
    draft = blobs.draft(SHA256, 100)
    draft.write(CONTENT)
    assert not blobs.path(SHA256).exists()
    draft.keep()
    draft.drop()
    assert blobs.path(SHA256).read_bytes() == CONTENT


def test_other_bytes_or_too_many_leave_nothing(tmp_path: Path) -> None:
    blobs = BlobFiles(tmp_path)
    wrong = blobs.draft(SHA256, 100)
    wrong.write(b"other bytes")
    with pytest.raises(InvalidInputError):
        wrong.keep()
    wrong.drop()
    large = blobs.draft(SHA256, 3)
    with pytest.raises(TooLargeError):
        large.write(CONTENT)
    large.drop()
    assert not list((tmp_path / "drafts").iterdir())
    assert not blobs.path(SHA256).exists()


def test_a_killed_upload_is_cleared_away(tmp_path: Path) -> None:
    draft = BlobFiles(tmp_path).draft(SHA256, 100)
    draft.write(CONTENT)
    BlobFiles(tmp_path)
    assert not list((tmp_path / "drafts").iterdir())
    draft.drop()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the OS has no full device")
def test_a_full_disk_is_said(tmp_path: Path) -> None:
    draft_path = tmp_path / "draft"
    draft = Draft(draft_path, tmp_path / "home", SHA256, 10 * 2**20)
    draft._file.close()
    draft._file = Path("/dev/full").open("wb")  # noqa: SIM115 - the draft closes it
    with pytest.raises(StorageFullError):
        draft.write(b"x" * 2**20)
    draft.drop()
    assert not draft_path.exists()
