"""An image comes whole from a registry that keeps to the specification, however often it breaks."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from gridle.market.protocol.errors import GridleError, RefusedError
from gridle.worker.sandbox.image_archive import check_image_archive
from tests.rigs.registry_fetch import (
    CONFIG,
    IMAGE_SHA256,
    LAYERS,
    MANIFEST,
    Fetch,
    sha,
)
from tests.rigs.registry_stub import Request
from tests.rigs.sandbox_archive import (
    MANIFEST_TYPE,
    descriptor,
)


def test_an_honest_registry_gives_an_archive_that_passes(fetch: Fetch) -> None:
    archive = fetch()
    assert check_image_archive(archive, IMAGE_SHA256) == sum(map(len, LAYERS))
    assert fetch.told[-1].percent == 100
    assert fetch.paces.downloads.total_bytes > sum(map(len, LAYERS))
    assert fetch.paces.uploads.total_bytes > 0


def test_an_index_leads_to_this_machines_image(fetch: Fetch) -> None:
    machine = json.loads(CONFIG)["architecture"]
    other = descriptor(b"x", MANIFEST_TYPE, platform={"os": "linux", "architecture": "s390x"})
    mine = descriptor(MANIFEST, MANIFEST_TYPE, platform={"os": "linux", "architecture": machine})
    for manifests, fault in (([other, mine], None), ([other], "no image for linux")):
        index = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
        fetch.stub.put(index)
        if fault is None:
            assert fetch(index).exists()
        else:
            with pytest.raises(RefusedError, match=fault):
                fetch(index)


def test_a_download_goes_on_where_it_broke_off(fetch: Fetch) -> None:
    times = iter(range(100))

    def breaks_off(request: Request) -> None:
        if next(times) % 2 == 0:
            first = int(request.headers.get("Range", "bytes=0-")[6:-1])
            data = LAYERS[0][first:]
            request.head(
                206 if first else 200,
                {"Content-Length": str(len(data))}
                | ({"Content-Range": f"bytes {first}-{len(LAYERS[0]) - 1}/*"} if first else {}),
            )
            request.wfile.write(data[:100_000])
        else:
            request.serve(LAYERS[0])

    fetch.stub.hook(sha(LAYERS[0]), breaks_off)
    archive = fetch()
    check_image_archive(archive, IMAGE_SHA256)
    ranges = [each[1].get("range") for each in fetch.stub.asked if sha(LAYERS[0]) in each[0]]
    assert len(ranges) == 2
    assert ranges[0] is None
    assert ranges[1] is not None
    assert 0 < int(ranges[1][6:-1]) <= 100_000


def test_ranges_that_are_not_heeded_begin_anew(fetch: Fetch) -> None:
    times = iter(range(100))

    def forgets(request: Request) -> None:
        request.head(200, {"Content-Length": str(len(LAYERS[0]))})
        request.wfile.write(LAYERS[0][: 100_000 if next(times) == 0 else None])

    fetch.stub.hook(sha(LAYERS[0]), forgets)
    check_image_archive(fetch(), IMAGE_SHA256)


def test_a_draft_damaged_since_is_noticed_and_fetched_again(fetch: Fetch) -> None:
    archive = fetch()
    draft = archive.with_suffix(".part")
    whole = bytearray(archive.read_bytes())
    archive.unlink()
    at = whole.index(LAYERS[0][1000:1100])
    whole[at] ^= 1
    draft.write_bytes(whole[: at + 50_000])
    archive = fetch()
    check_image_archive(archive, IMAGE_SHA256)


def test_a_draft_of_anything_else_is_begun_anew(fetch: Fetch) -> None:
    archive = fetch()
    whole = archive.read_bytes()
    for kept in (b"", b"noise" * 1000, whole[:100], whole[:700], whole + b"more"):
        archive.unlink()
        archive.with_suffix(".part").write_bytes(kept)
        assert fetch().read_bytes() == whole


def test_it_is_taken_up_again_after_the_owner_closes_the_worker(fetch: Fetch) -> None:
    fetch.paces.downloads.limit(100_000)
    errors: list[GridleError] = []

    def run() -> None:
        try:
            fetch()
        except GridleError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not any(each.done_bytes > 50_000 for each in fetch.told):
        assert thread.is_alive()
        thread.join(0.01)
    fetch.supply.close()
    fetch.paces.downloads.close()
    thread.join(20)
    assert not thread.is_alive()
    assert "ending" in str(errors[0])
    again = Fetch(fetch.stub, fetch.folder.parent)
    check_image_archive(again(), IMAGE_SHA256)
    assert again.told[0].done_bytes > 50_000


def test_a_worker_that_was_killed_goes_on_where_it_was(fetch: Fetch) -> None:
    order = [fetch.stub.repository, sha(MANIFEST), IMAGE_SHA256, str(fetch.folder), "100000"]
    command = [sys.executable, "-m", "tests.rigs.image_puller", *order]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as puller:
        assert puller.stdout is not None
        next(line for line in puller.stdout if int(line) > 50_000)
        puller.kill()
    had_bytes = next(fetch.folder.glob("*.part")).stat().st_size
    assert had_bytes > 0
    check_image_archive(fetch(), IMAGE_SHA256)
    assert fetch.told[0].done_bytes == had_bytes
    assert fetch.paces.downloads.total_bytes < sum(map(len, LAYERS)) - had_bytes + 10_000
