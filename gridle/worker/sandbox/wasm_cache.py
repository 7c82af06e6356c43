"""Compiled modules on disk, by digest and compiler version; never used without re-hashing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gridle.market.protocol.ids import Sha256


@dataclass(frozen=True)
class CompiledModule:
    """Native code of a module; the host checks the digest again over the bytes it maps."""

    path: Path
    sha256: Sha256


class WasmCache:
    """The folder of compiled modules. One worker at a time writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, module_sha256: Sha256) -> CompiledModule | None:
        """Return the compiled module, or None where there is none; a damaged one is set aside."""
        path = self._path(module_sha256)
        digest_path = path.with_suffix(".sha256")
        try:
            expected = digest_path.read_text("ascii").strip()
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, UnicodeDecodeError):
            return None
        if actual != expected:
            path.replace(path.with_name(f"{path.name}.corrupt-{int(time.time())}"))
            digest_path.unlink()
            return None
        return CompiledModule(path, expected)

    def add(self, module_sha256: Sha256, compile_to: Callable[[Path], None]) -> CompiledModule:
        """Compile into a draft, then put it in place with its digest."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(module_sha256)
        draft = path.with_suffix(".new")
        compile_to(draft)
        digest = hashlib.sha256(draft.read_bytes()).hexdigest()
        draft.replace(path)
        digest_draft = path.with_suffix(".sha256.new")
        digest_draft.write_text(digest + "\n", "ascii")
        digest_draft.replace(path.with_suffix(".sha256"))
        return CompiledModule(path, digest)

    def _path(self, module_sha256: Sha256) -> Path:
        return self._folder / f"{module_sha256}-{version('wasmtime')}.cwasm"
