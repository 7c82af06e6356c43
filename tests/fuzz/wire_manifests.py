"""Manifests as they cross the wire."""

from __future__ import annotations

import json

from gridle.market.protocol.errors import InvalidInputError
from gridle.market.protocol.ids import MAX_UNITS
from gridle.market.protocol.manifest import (
    MAX_MANIFEST_BYTES,
    MAX_TASKS,
    Manifest,
    decode_manifest,
    encode_manifest,
)
from tests.fuzz.bounds import assert_plain, bounded

_PLAIN = {
    "name": "demo",
    "title": "A demonstration",
    "summary": "Adds numbers.",
    "runtime": {"kind": "wasm", "module_sha256": "a" * 64},
    "resources": {"reference_s": 2.0, "memory_bytes": 2**28, "output_max_files": 4},
    "price_units": 10,
    "deadline_s": 60,
    "tasks": [["1"], ["2", "\u00e9"]],
}
_FULL = {
    "runtime": {
        "kind": "container",
        "image_sha256": "b" * 64,
        "command": ["/bin/sums", "--seed"],
        "registry": {"repository": "registry.example.org:5000/a/b", "manifest_sha256": "c" * 64},
    },
    "inputs": [{"name": "data.csv", "sha256": "d" * 64, "size_bytes": 12}],
    "verification": {"method": "requestor", "verdict_timeout_s": 5},
    "data_class": "sealed",
    "result_key": "e" * 64,
    "network_allow": ["data.example.org", "b.c"],
    "isolation": "gvisor",
    "checkpoint": {"format_version": 1, "interval_s": 60.0, "grace_s": 10, "max_bytes": 4096},
}
SEEDS = (json.dumps(_PLAIN).encode(), json.dumps({**_PLAIN, **_FULL}).encode())
TOKENS = (
    b"\\u202e", b"\\ud800", b"\\u0000", b"1e308", b"-0", b"9223372036854775808", b"NaN",
    b'"name":"x",', b"[[[[[[[[", b'{"a":', b"..", b"\xed\xa0\x80", b"\xff", b"null", b'"../../x"',
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Only a manifest within its limits comes out, and it survives the wire."""
    with bounded(data):
        try:
            manifest = decode_manifest(data)
        except InvalidInputError as error:
            assert_plain(str(error))
            return
    _check(manifest, data)


def _check(manifest: Manifest, data: bytes) -> None:
    assert len(data) <= MAX_MANIFEST_BYTES
    assert decode_manifest(encode_manifest(manifest)) == manifest
    assert 1 <= len(manifest.tasks) <= MAX_TASKS
    assert 1 <= manifest.price_units <= MAX_UNITS
    assert not set("\x00\x1b\n\r\u2028\u202e\u200f") & set(manifest.title + manifest.summary)
    names = [each.name for each in manifest.inputs]
    assert len(set(names)) == len(names) <= 100
    assert not any(set("/\\\0\n") & set(name) or name.startswith(".") for name in names)
    assert all(host.isascii() and host == host.lower() for host in manifest.network_allow)
    assert manifest.runtime_kind == "container" or not manifest.network_allow
