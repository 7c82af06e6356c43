from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from gridle.worker.sandbox.wasm_cache import (
    CompiledModule,
    WasmCache,
    compiler_key,
    cpu_features,
)

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


def test_damaged_code_is_reported(cache: WasmCache, caplog: pytest.LogCaptureFixture) -> None:
    add(cache).path.write_bytes(b"other")
    assert cache.find(MODULE) is None
    assert "damaged" in caplog.text


def hundred_bytes(draft: Path) -> None:
    draft.write_bytes(bytes(100))


def filled(
    folder: Path, quota_bytes: int, *digits: str, in_use: tuple[Path, ...] = ()
) -> WasmCache:
    """Return a cache to which a module of 100 bytes was added for each digit, a second apart."""
    cache = WasmCache(folder, quota_bytes)
    for age, digit in enumerate(digits):
        added = cache.add(digit * 64, hundred_bytes, in_use)
        os.utime(added.path, (1000 + age, 1000 + age))
    return cache


def held(cache: WasmCache) -> str:
    return "".join(digit for digit in "abcdef" if cache.find(digit * 64))


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = filled(tmp_path, 550, "a", "b", "c")
    cache.find("a" * 64)
    cache.add("d" * 64, hundred_bytes)
    assert held(cache) == "acd"
    assert {path.suffix for path in tmp_path.iterdir()} == {".cwasm", ".sha256"}
    assert len(list(tmp_path.iterdir())) == 6


def test_what_a_task_uses_stays(tmp_path: Path) -> None:
    first = filled(tmp_path, 550, "a").find("a" * 64)
    assert first is not None
    os.utime(first.path, (0, 0))
    cache = filled(tmp_path, 400, "b", "c", in_use=(first.path,))
    assert held(cache) == "ac"


def test_one_that_is_larger_than_the_quota_is_kept_alone(tmp_path: Path) -> None:
    assert held(filled(tmp_path, 50, "a", "b")) == "b"


def test_old_damage_goes_with_the_rest(tmp_path: Path) -> None:
    cache = filled(tmp_path, 550, "a", "b")
    found = cache.find("a" * 64)
    assert found is not None
    found.path.write_bytes(bytes(300))
    assert cache.find("a" * 64) is None
    (aside,) = tmp_path.glob("*.corrupt-*")
    os.utime(aside, (0, 0))
    filled(tmp_path, 550, "c")
    assert held(cache) == "bc"
    assert not aside.exists()


def test_other_settings_and_processors_have_their_own_code(
    monkeypatch: pytest.MonkeyPatch, cache: WasmCache
) -> None:
    add(cache)
    compiler_key.cache_clear()
    monkeypatch.setattr("gridle.worker.sandbox.wasm_cache.cpu_features", lambda: "fewer")
    assert cache.find(MODULE) is None
    compiler_key.cache_clear()


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("processor\t: 0\nvendor_id\t: X\nflags\t\t: fpu avx2\n\nflags: other", "fpu avx2"),
        ("processor : 0\nFeatures : fp asimd\n", "fp asimd"),
        ("processor : 0\n", ""),
    ],
)
def test_a_processors_features_are_read(tmp_path: Path, text: str, features: str) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert cpu_features(path) == features
    assert cpu_features(tmp_path / "none") == ""
