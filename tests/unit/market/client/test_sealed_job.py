from __future__ import annotations

import hashlib
import io
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from gridle.market.client import sealed_job
from gridle.market.client.job_keys import JobKeys
from gridle.market.client.job_source import read_job_source
from gridle.market.client.requestor import Requestor
from gridle.market.client.resolve import ResolvedJob, resolve
from gridle.market.client.sealed_job import seal_job, sendable, sendable_again
from gridle.market.protocol.errors import (
    CorruptStateError,
    InvalidInputError,
    RefusedError,
    UnavailableError,
)
from gridle.market.protocol.sealing import JobKey, open_input

KEY = JobKey(bytes(range(32)))
MODULE = b"\0asm\x01\0\0\0"
INPUTS = {"a.csv": b"who is ill", "b.csv": b"of what"}


def write_job(folder: Path, data_class: str) -> ResolvedJob:
    folder.mkdir(exist_ok=True)
    (folder / "m.wasm").write_bytes(MODULE)
    for name, content in INPUTS.items():
        (folder / name).write_bytes(content)
    path = folder / "manifest.toml"
    path.write_text(
        f"""
job = {{ name = "job", title = "Job", summary = "A job." }}
resources = {{ reference_s = 1 }}
pay = {{ price_units = 1000, deadline_s = 3600 }}
tasks = {{ arguments = [["1"], ["2"]] }}
data = {{ class = "{data_class}" }}

[runtime]
kind = "wasm"
module = "m.wasm"
sha256 = "{hashlib.sha256(MODULE).hexdigest()}"

[[inputs]]
name = "a.csv"
path = "a.csv"

[[inputs]]
name = "b.csv"
path = "b.csv"
"""
    )
    return resolve(read_job_source(path), {})


@pytest.fixture
def job(tmp_path: Path) -> ResolvedJob:
    return write_job(tmp_path / "job", "sealed")


def test_what_is_sent_names_and_holds_no_plain_text(job: ResolvedJob, tmp_path: Path) -> None:
    sealed = seal_job(job, KEY, tmp_path / "sealed")
    assert job.is_to_be_sealed
    assert not sealed.is_to_be_sealed
    assert sealed.manifest.data_class == "sealed"
    assert sealed.manifest.result_key == KEY.result_key
    module, *inputs = sealed.files
    assert module == job.files[0]
    for one, file, (name, content) in zip(
        sealed.manifest.inputs, inputs, INPUTS.items(), strict=True
    ):
        closed = file.path.read_bytes()
        assert (one.name, one.sha256, one.size_bytes) == (name, file.sha256, len(closed))
        assert hashlib.sha256(closed).hexdigest() == file.sha256
        assert hashlib.sha256(content).hexdigest().encode() not in sealed.manifest_bytes
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        opened = io.BytesIO()
        open_input(io.BytesIO(closed), opened, KEY.for_task(1), name)
        assert opened.getvalue() == content


def test_a_job_that_was_sealed_is_found_again(job: ResolvedJob, tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    keys = JobKeys(tmp_path / "keys")
    sealed = sendable(job, keys, folder)
    assert sendable_again(job, sealed.manifest_sha256, folder) == sealed
    assert sendable_again(job, job.manifest_sha256, folder) is None
    key = keys.of(sealed.manifest_sha256, sealed.manifest)
    assert key is not None
    assert key.result_key == sealed.manifest.result_key
    fresh = sendable(job, keys, folder)
    assert fresh.manifest_sha256 != sealed.manifest_sha256
    assert sendable_again(job, sealed.manifest_sha256, folder) is None


@pytest.mark.parametrize("damage", ["gone", "changed", "manifest", "no folder"])
def test_a_damaged_one_is_not_sent(job: ResolvedJob, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "sealed"
    sealed = seal_job(job, KEY, folder)
    match damage:
        case "gone":
            sealed.files[-1].path.unlink()
        case "changed":
            sealed.files[-1].path.write_bytes(b"changed")
        case "manifest":
            (folder / "manifest.json").write_bytes(b"{}")
        case _:
            folder = tmp_path / "elsewhere"
    assert sendable_again(job, sealed.manifest_sha256, folder) is None


def test_a_public_job_is_sent_as_it_is(tmp_path: Path) -> None:
    job = write_job(tmp_path / "job", "public")
    keys, folder = JobKeys(tmp_path / "keys"), tmp_path / "sealed"
    assert sendable(job, keys, folder) is job
    assert sendable_again(job, job.manifest_sha256, folder) is job
    assert sendable_again(job, "0" * 64, folder) is None
    assert keys.of(job.manifest_sha256, job.manifest) is None
    assert not folder.exists()


def test_the_open_form_of_a_sealed_job_is_never_sent(job: ResolvedJob) -> None:
    requestor = object.__new__(Requestor)  # it must refuse before it uses anything it has
    with pytest.raises(ValueError, match="job"):
        requestor.submit(job, None)  # type: ignore[arg-type] # the order is not looked at


def test_an_input_that_changes_meanwhile_is_told(job: ResolvedJob, tmp_path: Path) -> None:
    (tmp_path / "job" / "a.csv").write_bytes(b"who is ill, and longer")
    with pytest.raises(InvalidInputError, match="changed"):
        seal_job(job, KEY, tmp_path / "sealed")


def test_an_input_too_large_to_be_sealed_is_told(
    job: ResolvedJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_job, "MAX_BLOB_BYTES", 20)
    with pytest.raises(InvalidInputError, match="split"):
        seal_job(job, KEY, tmp_path / "sealed")


def test_a_folder_that_cannot_be_written_is_told(job: ResolvedJob, tmp_path: Path) -> None:
    (tmp_path / "sealed").write_text("a file is in the way")
    with pytest.raises(UnavailableError, match="cannot be written"):
        seal_job(job, KEY, tmp_path / "sealed")


class TestKeys:
    """The stored secrets."""

    def test_they_are_for_their_owner_alone(self, job: ResolvedJob, tmp_path: Path) -> None:
        keys = JobKeys(tmp_path / "keys")
        sealed = sendable(job, keys, tmp_path / "sealed")
        (path,) = (tmp_path / "keys").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        keys.forget(sealed.manifest_sha256)
        assert list((tmp_path / "keys").iterdir()) == []

    def test_without_its_key_a_job_is_refused(self, job: ResolvedJob, tmp_path: Path) -> None:
        sealed = seal_job(job, KEY, tmp_path / "sealed")
        with pytest.raises(RefusedError, match="key is not here"):
            JobKeys(tmp_path / "keys").of(sealed.manifest_sha256, sealed.manifest)

    @pytest.mark.parametrize("content", [b"", b"\xff\x80", b"zz", b"ab", b"00" * 32])
    def test_a_damaged_key_is_told_and_left(
        self, job: ResolvedJob, tmp_path: Path, content: bytes
    ) -> None:
        keys = JobKeys(tmp_path / "keys")
        sealed = sendable(job, keys, tmp_path / "sealed")
        (path,) = (tmp_path / "keys").iterdir()
        path.write_bytes(content)
        with pytest.raises(CorruptStateError, match="damaged"):
            keys.of(sealed.manifest_sha256, sealed.manifest)
        assert path.read_bytes() == content


def test_two_jobs_of_one_source_share_nothing(job: ResolvedJob, tmp_path: Path) -> None:
    keys = JobKeys(tmp_path / "keys")
    one = sendable(job, keys, tmp_path / "one")
    two = sendable(replace(job), keys, tmp_path / "two")
    assert one.manifest.result_key != two.manifest.result_key
    assert not {each.sha256 for each in one.manifest.inputs} & {
        each.sha256 for each in two.manifest.inputs
    }
