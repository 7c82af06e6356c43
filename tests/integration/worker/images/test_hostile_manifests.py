"""Manifests that promise something else than the image that was named."""

from __future__ import annotations

import json

import pytest

from gridle.market.protocol.errors import RefusedError
from tests.rigs.registry_fetch import (
    CONFIG,
    LAYERS,
    MANIFEST,
    Fetch,
    sha,
)
from tests.rigs.registry_stub import Request
from tests.rigs.sandbox_archive import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    config_of,
    descriptor,
    digest,
    manifest_of,
)


def with_manifest(**changes: object) -> bytes:
    return json.dumps(json.loads(MANIFEST) | changes).encode()


BAD_MANIFESTS = {
    "another-image": manifest_of(config_of(b"x"), b"x"),
    "urls": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE, urls=["http://10.0.0.1/"])]),
    "huge": with_manifest(layers=[{"mediaType": LAYER_TYPE, "digest": digest(b""), "size": 2**40}]),
    "negative": with_manifest(
        layers=[{"mediaType": LAYER_TYPE, "digest": digest(b""), "size": -1}] * 2
    ),
    "two-sizes": with_manifest(
        layers=[descriptor(LAYERS[0], LAYER_TYPE), descriptor(LAYERS[0], LAYER_TYPE) | {"size": 1}]
    ),
    "many": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE)] * 129),
    "fewer": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE)]),
    "zstd": with_manifest(layers=[descriptor(LAYERS[0], f"{LAYER_TYPE}+zstd")] * 2),
    "digest": with_manifest(
        layers=[descriptor(LAYERS[0], LAYER_TYPE) | {"digest": "sha512:" + "0" * 128}] * 2
    ),
    "path": with_manifest(config=descriptor(CONFIG, CONFIG_TYPE) | {"digest": "sha256:../../x"}),
    "no-json": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "list": b"[]",
    "both": with_manifest(manifests=[]),
}


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_manifest_that_promises_something_else_is_refused(fetch: Fetch, name: str) -> None:
    manifest = BAD_MANIFESTS[name]
    fetch.stub.put(manifest)
    with pytest.raises(RefusedError):
        fetch(manifest)
    assert fetch.kept_bytes == 0


def test_an_index_of_indexes_is_not_followed(fetch: Fetch) -> None:
    machine = json.loads(CONFIG)["architecture"]
    platform = {"os": "linux", "architecture": machine}
    inner = json.dumps({"manifests": [descriptor(MANIFEST, MANIFEST_TYPE, platform=platform)]})
    fetch.stub.put(inner.encode())
    outer = json.dumps({"manifests": [descriptor(inner.encode(), INDEX_TYPE, platform=platform)]})
    fetch.stub.put(outer.encode())
    with pytest.raises(RefusedError):
        fetch(outer.encode())


def without_end(request: Request) -> None:
    request.head(200, {"Content-Length": str(10**12)})
    while True:
        request.wfile.write(bytes(65536))


def test_a_manifest_without_end_is_refused(fetch: Fetch) -> None:
    fetch.stub.hook(sha(MANIFEST), without_end)
    with pytest.raises(RefusedError, match="too large"):
        fetch()
    assert fetch.paces.downloads.total_bytes < 6 * 2**20
