from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gridle.worker.sandbox.wasm_cache import CompiledModule, WasmCache

MODULE = "a" * 64
CODE = b"native code"


@pytest.fixture
def cache(tmp_path: Path) -> WasmCache:
    return WasmCache(tmp_path / "modules")


def add(cache: WasmCache) -> CompiledModule:
    def compile_to(draft: Path) -> None:
        draft.write_bytes(CODE)

    return cache.add(MODULE, compile_to)


def test_what_was_compiled_is_found_by_digest(cache: WasmCache) -> None:
    assert cache.find(MODULE) is None
    added = add(cache)
    assert cache.find(MODULE) == added
    assert added.sha256 == hashlib.sha256(CODE).hexdigest()
    assert cache.find("b" * 64) is None


@pytest.mark.parametrize("damage", [b"native c0de", b"", CODE + b"\0"])
def test_damaged_code_is_set_aside_and_made_anew(cache: WasmCache, damage: bytes) -> None:
    path = add(cache).path
    path.write_bytes(damage)
    assert cache.find(MODULE) is None
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == damage
    assert cache.find(MODULE) is None
    assert add(cache) == cache.find(MODULE)
    assert path.read_bytes() == CODE


@pytest.mark.parametrize("digest", [None, b"", b"0" * 64, b"\xff\xfe"])
def test_code_without_its_digest_is_never_used(cache: WasmCache, digest: bytes | None) -> None:
    digest_path = add(cache).path.with_suffix(".sha256")
    if digest is None:
        digest_path.unlink()
    else:
        digest_path.write_bytes(digest)
    assert cache.find(MODULE) is None


def test_a_failed_compilation_leaves_no_code(cache: WasmCache) -> None:
    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise FileExistsError

    with pytest.raises(FileExistsError):
        cache.add(MODULE, fail)
    assert cache.find(MODULE) is None
