"""Registries whose files are not what they say, or that send us elsewhere: nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gridle.market.protocol.errors import RefusedError
from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage
from gridle.worker.images.supply import ImageSupply
from gridle.worker.sources.pace import Paces
from tests.rigs.registry_fetch import (
    IMAGE_SHA256,
    LAYERS,
    MANIFEST,
    Fetch,
    no_blob,
    redirects,
    says,
    sha,
)
from tests.rigs.registry_stub import Request, StubRegistry
from tests.rigs.sandbox_archive import (
    digest,
)

HOST_METADATA = "http://169.254.169.254/latest/meta-data/"


def endless(request: Request) -> None:
    request.head(200, {"Content-Length": str(10**12)})
    while True:
        request.wfile.write(bytes(65536))


def endless_chunks(request: Request) -> None:
    request.head(200, {"Transfer-Encoding": "chunked"})
    while True:
        request.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")


LAYER_FAULTS: dict[str, tuple[Callable[[Request], None], str]] = {
    "wrong": (says(200, bytes(len(LAYERS[0]))), "not what was asked for"),
    "longer": (says(200, LAYERS[0] + b"more"), "more than it said"),
    "endless": (endless, "more than it said"),
    "chunks": (endless_chunks, "how long"),
    "metadata": (redirects(HOST_METADATA), "without encryption"),
    "metadata-tls": (redirects("https://169.254.169.254/x"), "private network"),
    "file": (redirects("file:///etc/passwd"), "no valid https"),
    "user": (redirects("https://me:secret@127.0.0.1/"), "no valid https"),
    "lines": (redirects("https://127.0.0.1/\x7f"), "no valid address"),
    "long": (redirects("https://127.0.0.1/" + "x" * 9000), "no valid address"),
    "nowhere": (says(307), "no valid"),
    "range": (says(206, b"x", Content_Range="bytes 5-5/6"), "another part"),
    "absent": (says(404), "does not have"),
    "short": (says(416), "shorter"),
}


@pytest.mark.parametrize("fault", LAYER_FAULTS)
def test_a_layer_that_is_not_as_it_should_be_is_refused(fetch: Fetch, fault: str) -> None:
    answer, why = LAYER_FAULTS[fault]
    fetch.stub.hook(sha(LAYERS[0]), answer)
    with pytest.raises(RefusedError, match=why):
        fetch()
    assert not list(fetch.folder.glob("*.tar"))
    assert fetch.kept_bytes < 5000


def test_a_registry_that_redirects_for_ever_is_refused(fetch: Fetch) -> None:
    place = f"http://127.0.0.1:{fetch.stub.port}/v2/acme/tool/blobs/{digest(LAYERS[0])}"
    fetch.stub.hook(sha(LAYERS[0]), redirects(place))
    with pytest.raises(RefusedError, match="without end"):
        fetch()
    assert len(fetch.stub.asked) < 12


def test_a_registry_here_is_not_asked_where_only_public_ones_may_be(
    stub: StubRegistry, tmp_path: Path
) -> None:
    runtime = ContainerRuntime(
        IMAGE_SHA256, ("/x",), None, RegistryImage(stub.repository, sha(MANIFEST))
    )
    closed = ImageSupply(tmp_path, Paces(), no_blob, allows_near=False)
    with pytest.raises(RefusedError, match="private network"):
        closed.fetch(runtime)
    assert stub.asked == []


@pytest.mark.parametrize("allows_near", [False, True])
def test_a_name_that_leads_home_is_as_bad_as_an_address(
    tmp_path: Path, *, allows_near: bool
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("registry.example", 443)
        return ["169.254.169.254"] if allows_near else ["93.184.216.34", "192.168.1.1"]

    supply_ = ImageSupply(tmp_path, Paces(), no_blob, allows_near=allows_near, resolve=resolve)
    image = RegistryImage("registry.example/acme/tool", sha(MANIFEST))
    with pytest.raises(RefusedError, match="private network"):
        supply_.fetch(ContainerRuntime(IMAGE_SHA256, ("/x",), None, image))
