from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import GridleError, InvalidInputError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import CheckpointRule, InputFile, Manifest
from gridle.market.protocol.sealing import JobKey, seal_input
from gridle.worker.sandbox.output import PackedOutput, collect_output
from gridle.worker.sandbox.sealed_files import open_inputs, open_state, seal_result, seal_state
from tests.rigs.worker_jobs import manifest

KEY = JobKey(bytes(range(32)))
OTHER = JobKey(bytes(32))
KEYS = KEY.for_task(0)
RULE = CheckpointRule(format_version=3, max_bytes=1000)
PLAIN = {"a.csv": b"patients", "b.csv": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    for name in ("in", "out", "checkpoint"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def blobs() -> dict[str, bytes]:
    return {}


@pytest.fixture
def blob(tmp_path: Path, blobs: dict[str, bytes]) -> Callable[[Sha256], Path]:
    (tmp_path / "blobs").mkdir()

    def get(sha256: Sha256) -> Path:
        path = tmp_path / "blobs" / sha256
        path.write_bytes(blobs[sha256])
        return path

    return get


def sealed_job(blobs: dict[str, bytes], key: JobKey = KEY) -> Manifest:
    inputs = []
    for name, content in PLAIN.items():
        sealed = io.BytesIO()
        seal_input(io.BytesIO(content), sealed, key.for_task(0), name)
        sha256 = hashlib.sha256(sealed.getvalue()).hexdigest()
        blobs[sha256] = sealed.getvalue()
        inputs.append(InputFile(name, sha256, len(sealed.getvalue())))
    return msgspec.structs.replace(
        manifest(), data_class="sealed", result_key=key.result_key, inputs=tuple(inputs)
    )


def opened_result(path: Path, key: JobKey = KEY) -> dict[str, bytes]:
    writer = io.BytesIO()
    with path.open("rb") as reader:
        key.open_result(reader, writer, 0)
    return unpack(writer.getvalue(), max_bytes=10**6, max_files=10)


def test_inputs_are_opened_for_the_task_alone(
    folder: Path, tmp_path: Path, blobs: dict[str, bytes], blob: Callable[[Sha256], Path]
) -> None:
    open_inputs(sealed_job(blobs), KEYS, blob, folder)
    assert {path.name: path.read_bytes() for path in (folder / "in").iterdir()} == PLAIN
    assert stat.S_IMODE((folder / "in" / "a.csv").stat().st_mode) & 0o444 == 0o444
    holding = [path for path in tmp_path.rglob("*.csv") if b"patients" in path.read_bytes()]
    assert holding == [folder / "in" / "a.csv"]


def test_inputs_that_do_not_open_leave_nothing(
    folder: Path, blobs: dict[str, bytes], blob: Callable[[Sha256], Path]
) -> None:
    job = sealed_job(blobs)
    with pytest.raises(InvalidInputError):
        open_inputs(job, OTHER.for_task(0), blob, folder)
    first, second = job.inputs
    swapped = msgspec.structs.replace(
        job,
        inputs=(
            InputFile(first.name, second.sha256, 1),
            InputFile(second.name, first.sha256, 1),
        ),
    )
    with pytest.raises(InvalidInputError):
        open_inputs(swapped, KEYS, blob, folder)
    assert list((folder / "in").iterdir()) == []


def test_a_job_whose_results_nobody_could_open_is_not_begun(
    folder: Path, blobs: dict[str, bytes], blob: Callable[[Sha256], Path]
) -> None:
    job = msgspec.structs.replace(sealed_job(blobs), result_key="00" * 32)
    with pytest.raises(InvalidInputError):
        open_inputs(job, KEYS, blob, folder)
    assert list((folder / "in").iterdir()) == []


def test_a_result_is_sealed_and_its_plain_form_gone(folder: Path, blobs: dict[str, bytes]) -> None:
    job = sealed_job(blobs)
    (folder / "out" / "answer").write_bytes(b"forty-two")
    packed = collect_output(folder, job.resources)
    sealed = seal_result(packed, job, KEYS)
    content = sealed.path.read_bytes()
    assert (sealed.sha256, sealed.size_bytes) == (
        hashlib.sha256(content).hexdigest(),
        len(content),
    )
    assert b"forty-two" not in content
    assert not packed.path.exists()
    assert opened_result(sealed.path) == {"answer": b"forty-two"}
    # Sealing again, as after a crash, does not stumble over the first try.
    again = seal_result(collect_output(folder, job.resources), job, KEYS)
    assert again.sha256 != sealed.sha256
    assert opened_result(again.path) == {"answer": b"forty-two"}


def test_a_full_disk_leaves_no_plain_result(
    folder: Path, blobs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = sealed_job(blobs)
    (folder / "out" / "answer").write_bytes(b"forty-two")
    packed = collect_output(folder, job.resources)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gridle.worker.sandbox.sealed_files.seal_plain_result", full)
    with pytest.raises(UnavailableError, match="disk is full"):
        seal_result(packed, job, KEYS)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint", "in", "out"]


def test_a_public_job_is_never_taken_for_a_sealed_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="test-job"):
        seal_result(PackedOutput(tmp_path / "result.tar", "0" * 64, 1), manifest(), KEYS)


class TestState:
    """Saved states on their way out of a task's folder and into another's."""

    def test_it_goes_on_elsewhere(self, folder: Path, tmp_path: Path) -> None:
        state = folder / "checkpoint" / "state"
        state.write_bytes(b"half way")
        sealed = seal_state(state, tmp_path / "state.sealed", RULE, KEYS)
        assert state.read_bytes() == b"half way"
        assert b"half way" not in sealed.path.read_bytes()
        assert stat.S_IMODE(sealed.path.stat().st_mode) == 0o600
        again = tmp_path / "again"
        open_state(sealed.path, again, RULE, KEYS)
        assert again.read_bytes() == b"half way"

    def test_another_version_or_task_or_a_larger_one_is_refused(
        self, folder: Path, tmp_path: Path
    ) -> None:
        state = folder / "checkpoint" / "state"
        state.write_bytes(b"x" * 1000)
        sealed = seal_state(state, tmp_path / "state.sealed", RULE, KEYS).path
        target = tmp_path / "again"
        for rule, keys in (
            (msgspec.structs.replace(RULE, format_version=4), KEYS),
            (msgspec.structs.replace(RULE, max_bytes=999), KEYS),
            (RULE, KEY.for_task(1)),
        ):
            with pytest.raises(InvalidInputError):
                open_state(sealed, target, rule, keys)
            assert not target.exists()
        state.write_bytes(b"x" * 1001)
        with pytest.raises(InvalidInputError, match="larger"):
            seal_state(state, tmp_path / "large", RULE, KEYS)
        assert not (tmp_path / "large").exists()

    def test_no_link_pipe_or_second_name_is_taken(self, folder: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"the owner's")
        state = folder / "checkpoint" / "state"

        def link() -> None:
            state.symlink_to(secret)

        def second_name() -> None:
            os.link(secret, state)

        def pipe() -> None:
            os.mkfifo(state)

        for trick in (link, second_name, pipe, state.mkdir):
            trick()
            with pytest.raises(GridleError):
                seal_state(state, tmp_path / "sealed", RULE, KEYS)
            assert not (tmp_path / "sealed").exists()
            state.rmdir() if state.is_dir() else state.unlink()

    def test_it_writes_over_nothing(self, folder: Path, tmp_path: Path) -> None:
        state = folder / "checkpoint" / "state"
        state.write_bytes(b"half way")
        sealed = seal_state(state, tmp_path / "state.sealed", RULE, KEYS).path
        mine = tmp_path / "mine"
        mine.write_bytes(b"mine")
        target = tmp_path / "link"
        target.symlink_to(mine)
        for taken in (mine, target):
            with pytest.raises(UnavailableError):
                open_state(sealed, taken, RULE, KEYS)
        assert mine.read_bytes() == b"mine"
