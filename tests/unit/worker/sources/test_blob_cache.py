from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from urllib3 import HTTPResponse

from gridle.market.protocol.errors import RefusedError, UnavailableError
from gridle.market.protocol.sentence import Sentence
from gridle.worker.sources.blob_cache import BlobCache
from gridle.worker.sources.bodies import Download
from gridle.worker.sources.pace import Pace
from gridle.worker.sources.progress import Progress


class Market:
    """Blobs, given whole or from an offset on."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.asked: list[tuple[str, int]] = []

    def store(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    @contextmanager
    def stream(self, path: str, offset: int) -> Iterator[Download]:
        sha256 = path.rpartition("/")[2]
        self.asked.append((sha256, offset))
        data = self.blobs[sha256][offset:]
        yield Download(
            HTTPResponse(
                io.BytesIO(data),
                headers={"content-length": str(len(data))},
                status=206 if offset else 200,
                preload_content=False,
                request_method="GET",
            ),
            Pace(),
        )


class Rig:
    """A cache of 100 bytes over such a market."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.market = Market()
        self.damage: list[Sentence] = []
        self.cache = BlobCache(folder, self.market, 100, self.damage.append)  # type: ignore[arg-type] # the one method that it calls

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_blob_is_fetched_once_and_progress_told(rig: Rig) -> None:
    sha256, told = rig.market.store(b"x" * 40), list[Progress]()
    for _ in range(2):
        assert rig.cache.get(sha256, on_progress=told.append).read_bytes() == b"x" * 40
    assert rig.market.asked == [(sha256, 0)]
    assert told[-1] == Progress(40, 40)


def test_the_rest_of_a_blob_is_asked_for(rig: Rig) -> None:
    sha256, told = rig.market.store(b"x" * 40), list[Progress]()
    (rig.folder / f"{sha256}.part").write_bytes(b"x" * 30)
    assert rig.cache.get(sha256, on_progress=told.append).read_bytes() == b"x" * 40
    assert rig.market.asked == [(sha256, 30)]
    assert told[0] == Progress(30, 40)


def test_a_damaged_beginning_is_nobodys_fault_and_goes(rig: Rig) -> None:
    sha256 = rig.market.store(b"x" * 40)
    (rig.folder / f"{sha256}.part").write_bytes(b"y" * 30)
    with pytest.raises(UnavailableError, match="damaged"):
        rig.cache.get(sha256)
    assert rig.cache.get(sha256).read_bytes() == b"x" * 40


def test_what_is_not_as_named_is_refused(rig: Rig) -> None:
    sha256 = rig.market.store(b"x" * 40)
    rig.market.blobs[sha256] = b"y" * 40
    with pytest.raises(RefusedError, match="not what its name says"):
        rig.cache.get(sha256)
    rig.market.blobs[sha256] = b"x" * 40
    with pytest.raises(RefusedError):
        rig.cache.get(sha256, max_bytes=39)
    assert rig.names() == set()


def test_what_the_disk_damaged_is_set_aside_said_and_fetched_again(rig: Rig) -> None:
    sha256 = rig.market.store(b"x" * 40)
    path = rig.cache.get(sha256)
    path.write_bytes(b"x" * 39 + b"!")
    assert rig.cache.get(sha256).read_bytes() == b"x" * 40
    assert (rig.folder / f"{sha256}.corrupt").read_bytes() == b"x" * 39 + b"!"
    assert "damaged" in rig.damage[0].en


def test_the_longest_unused_go_and_what_is_kept_stays(rig: Rig) -> None:
    first, second, third = (rig.market.store(each * 40) for each in (b"1", b"2", b"3"))
    for used_at, sha256 in enumerate((first, second)):
        os.utime(rig.cache.get(sha256), (used_at, used_at))
    with rig.cache.keep([first]):
        rig.cache.get(third)
        assert rig.names() == {first, third}
    rig.cache.get(second)
    assert second in rig.names()
    assert first not in rig.names()
