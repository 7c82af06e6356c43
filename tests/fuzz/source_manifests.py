"""Manifests as their authors write them (TOML), with the files that they name."""

from __future__ import annotations

import hashlib

from gridle.market.client.job_source import read_job_source
from gridle.market.client.resolve import resolve
from gridle.market.protocol.errors import GridleError
from gridle.market.protocol.manifest import decode_manifest
from tests.fuzz.bounds import assert_plain, bounded
from tests.fuzz.cage import cage

_MOST_BYTES = 4096
"""tomllib's time grows with the square of the parts of one key; its author harms nobody else."""
_MODULE = b"\0asm\1\0\0\0"
_SEED = f"""
[job]
name = "sums"
title = "Sums"
summary = "Adds up columns."

[runtime]
kind = "wasm"
module = "sums.wasm"
sha256 = "{hashlib.sha256(_MODULE).hexdigest()}"

[resources]
reference_s = 2

[pay]
price_units = 1000
deadline_s = 3600

[tasks]
arguments = [["--seed", "{{round}}01"], ["--seed", "{{round}}02"]]

[verification]
method = "requestor"
check = "in/check.py"

[combine]
script = "in/check.py"

[[inputs]]
name = "data.csv"
path = "in/data.csv"
"""
_CONTAINER = f"""kind = "container"
command = ["/bin/sums"]
archive = "in/data.csv"
image = "sha256:{"a" * 64}"
"""
SEEDS = (
    _SEED.encode(),
    (_SEED[: _SEED.index('kind = "wasm"')] + _CONTAINER + _SEED[_SEED.index("\n[resources]") :])
    .encode(),
)  # fmt: skip
TOKENS = (
    b"nan", b"inf", b"-1", b"9" * 30, b"[[", b"]]", b"{a=", b"'''", b'"""', b"a.a.a.a.a.a.a.a",
    b"1979-05-27T07:32:00Z", b"0x7fffffffffffffffff", b"\\ud800", b"\\u202E", b"..", b"/etc/passwd",
    b'"out"', b"\\u0000", b"{x}", b"{round}", b"[a.b.c.d.e.f.g.h]\n",
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Only a job whose files lie in its own folder comes out."""
    with cage() as held:
        folder = held.task
        (folder / "in").mkdir()
        (folder / "sums.wasm").write_bytes(_MODULE)
        for name in ("data.csv", "check.py"):
            (folder / "in" / name).write_bytes(name.encode())
        (folder / "out").symlink_to(held.secret)
        (folder / "up").symlink_to(held.secret.parent)
        path = folder / "manifest.toml"
        path.write_bytes(data[:_MOST_BYTES])
        with bounded(data), held.watched(folder):
            try:
                job = resolve(read_job_source(path), {"round": "7"}, lambda recipe: recipe.name)
            except GridleError as error:
                assert_plain(str(error))
                return
        assert decode_manifest(job.manifest_bytes) == job.manifest
        scripts = [each for each in (job.check, job.combine) if each]
        for found in [*(each.path for each in job.files), *scripts]:
            assert folder.resolve() in found.resolve().parents
        secret = hashlib.sha256(held.SECRET).hexdigest()
        assert secret not in {each.sha256 for each in job.files}
