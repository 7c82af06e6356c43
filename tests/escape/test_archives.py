"""Result archives that a hostile provider hands in, and what a worker's own folder may hold."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from gridle.market.protocol.archive import pack, unpack
from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.manifest import MiB
from gridle.worker.sandbox.output import ended_at_limit, output_fault, wipe
from tests.escape import verdicts
from tests.escape.fence import SMALL
from tests.escape.host_watch import NOBODY_ID


def _tar(*members: tarfile.TarInfo, layout: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return buffer.getvalue()


def _named(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, target, 0o644
    return member


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 * MiB))
    return buffer.getvalue()


def _sparse_bomb() -> bytes:
    member = _named("bomb")
    member.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "bomb",
        "GNU.sparse.realsize": str(2**50),
    }
    member.size = 512
    return _tar(member, layout=tarfile.PAX_FORMAT)


ARCHIVES = {
    "a path that climbs": _tar(_named("../../up")),
    "a path from the root": _tar(_named("/etc/cron.d/x")),
    "a path of Windows": _tar(_named("..\\up"), _named("C:up")),
    "a link and a file behind it": _tar(_named("a", tarfile.SYMTYPE, "/etc"), _named("a/x")),
    "a hard link to the host": _tar(_named("a", tarfile.LNKTYPE, "/etc/passwd")),
    "a device": _tar(_named("a", tarfile.CHRTYPE)),
    "a folder": _tar(_named("a", tarfile.DIRTYPE)),
    "two files of one name": pack({"a": b"x"})[:1024] * 2 + bytes(10240 - 2048),
    "a compressed bomb": gzip.compress(pack({"a": bytes(64 * MiB)})),
    "a zip bomb": _zip_bomb(),
    "a sparse bomb": _sparse_bomb(),
    "names in extended headers": _tar(_named("x" * 300), layout=tarfile.PAX_FORMAT),
    "too many files": pack({f"f{n}": b"" for n in range(200)}),
    "too many bytes": pack({"a": bytes(3 * MiB)}),
    "nothing": b"",
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_result_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        unpack(ARCHIVES[name], max_bytes=2 * MiB, max_files=8)
    verdicts.record(f"a result with {name}", "archive", refusal.value.sentence.en[:80])


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, to whom folders can be closed")
def test_a_folder_that_is_closed_to_the_worker_ends_its_task() -> None:
    """Under a rootless engine out/ is the task's own, and the worker is not root."""
    with tempfile.TemporaryDirectory(prefix="gridle-closed-") as name:
        folder = Path(name) / "task"
        (folder / "out" / "closed" / "inner").mkdir(parents=True)
        (folder / "out" / "closed" / "inner" / "file").touch()
        for path in (Path(name), folder, *folder.rglob("*")):
            os.chown(path, NOBODY_ID, NOBODY_ID)
        (folder / "out" / "closed").chmod(0)
        (folder / "out").chmod(0)
        os.seteuid(NOBODY_ID)
        try:
            said = output_fault(folder, SMALL)
            ended = ended_at_limit(folder, SMALL)
            wipe(folder)
        finally:
            os.seteuid(0)
        assert said is not None
        assert ended is not None
        assert not folder.exists()
    verdicts.record("out/ closed to the worker", "worker", "ended, and removed all the same")


@pytest.mark.parametrize("depth", [50, 6000])
def test_folders_without_end_are_removed(depth: int, tmp_path: Path) -> None:
    inside = os.open(tmp_path, os.O_RDONLY)
    for name in ["task", "out", *["d"] * depth]:
        os.mkdir(name, dir_fd=inside)
        deeper = os.open(name, os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = deeper
    os.close(inside)
    wipe(tmp_path / "task")
    assert list(tmp_path.iterdir()) == []
