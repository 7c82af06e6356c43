from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from gridle.market.protocol.archive import unpack
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import Resources
from gridle.worker.sandbox.output import collect_output, ended_at_limit, output_fault, wipe

LIMITS = Resources(reference_s=1.0, output_max_bytes=10_000, output_max_files=3)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "task" / "out"
    folder.mkdir(parents=True)
    return folder


def refused(out: Path, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        collect_output(out.parent, LIMITS)


def test_plain_files_become_one_archive_by_digest(out: Path) -> None:
    (out / "b").write_bytes(b"2")
    (out / "a").write_bytes(b"")
    packed = collect_output(out.parent, LIMITS)
    data = packed.path.read_bytes()
    assert unpack(data, max_bytes=10_000, max_files=3) == {"a": b"", "b": b"2"}
    assert (packed.sha256, packed.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert collect_output(out.parent, LIMITS) == packed


def test_links_are_never_followed(out: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the owner's")
    (out / "link").symlink_to(secret)
    refused(out, "plain file")


def test_a_second_name_of_a_file_elsewhere_is_refused(out: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the owner's")
    (out / "same").hardlink_to(secret)
    refused(out, "'same'")


def test_a_folder_is_refused(out: Path) -> None:
    (out / "folder").mkdir()
    refused(out, "'folder'")


def test_a_pipe_does_not_block(out: Path) -> None:
    os.mkfifo(out / "pipe")
    refused(out, "'pipe'")


def test_a_device_is_refused(out: Path) -> None:
    try:
        os.mknod(out / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")
    refused(out, "'device'")


@pytest.mark.parametrize(
    "name", [".hidden", "two words", "\x1b[31m", "-", "é", "n" * 200, "NUL", "com1.txt", "ends."]
)
def test_odd_names_are_refused(out: Path, name: str) -> None:
    (out / name).write_text("x")
    with pytest.raises(InvalidInputError) as refusal:
        collect_output(out.parent, LIMITS)
    assert refusal.value.sentence.en.isprintable()


def test_too_many_files(out: Path) -> None:
    for number in range(4):
        (out / f"f{number}").touch()
    refused(out, "3 output files")


def test_too_many_bytes_in_one_file_or_in_all(out: Path) -> None:
    (out / "a").write_bytes(bytes(10_001))
    refused(out, "10000 bytes")
    (out / "a").write_bytes(bytes(6000))
    (out / "b").write_bytes(bytes(6000))
    refused(out, "10000 bytes")


def test_a_sparse_file_counts_whole(out: Path) -> None:
    with (out / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert output_fault(out.parent, LIMITS) is not None


def test_a_folder_that_comes_after_the_look_is_refused(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(folder: Path, resources: Resources) -> None:
        assert output_fault(folder, resources) is None
        (out / "late").mkdir()

    monkeypatch.setattr("gridle.worker.sandbox.output.output_fault", look)
    refused(out, "plain file")


def test_files_that_come_after_the_look_count(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(folder: Path, resources: Resources) -> None:
        assert output_fault(folder, resources) is None
        for number in range(LIMITS.output_max_files + 1):
            (out / f"late-{number}").touch()

    monkeypatch.setattr("gridle.worker.sandbox.output.output_fault", look)
    refused(out, "3 output files")


def test_a_tree_too_deep_to_recurse_into_is_wiped(out: Path) -> None:
    here = os.open(out, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=here)
        there = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)
    wipe(out.parent)
    assert not out.parent.exists()


def test_wiping_follows_no_link(out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (out / "link").symlink_to(outside)
    wipe(out.parent)
    assert not out.exists()
    assert (outside / "kept").exists()


def test_a_task_that_failed_with_its_output_full_hears_of_the_limit(out: Path) -> None:
    (out / "a").write_bytes(b"x" * 9_999)
    assert ended_at_limit(out.parent, LIMITS) is None
    (out / "a").write_bytes(b"x" * 10_000)
    said = ended_at_limit(out.parent, LIMITS)
    assert said is not None
    assert "10000 bytes" in said.en


def test_two_names_that_are_one_on_some_systems_are_refused(out: Path) -> None:
    (out / "Result").touch()
    (out / "result").touch()
    refused(out, "'result'")


def test_files_without_a_name_count(out: Path) -> None:
    assert output_fault(out.parent, LIMITS, hidden_bytes=10_000) is None
    said = output_fault(out.parent, LIMITS, hidden_bytes=30_000)
    assert said is not None
    assert "10000 bytes" in said.en


def test_a_folder_that_cannot_be_looked_into_is_a_fault(out: Path) -> None:
    out.rmdir()
    assert output_fault(out.parent, LIMITS) is not None
    assert ended_at_limit(out.parent, LIMITS) is not None
