"""Compiled modules on disk, by what made them; never used without re-hashing, never without limit.

Native code is bound to the module, the compiler's version and settings, and the processor's
features: the name holds a digest of each, so that a changed one is simply not found.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from gridle.market.protocol.ids import Sha256
from gridle.worker.sandbox.host.library import STACK_BYTES, SWITCHES

QUOTA_BYTES = 2**30
_CODE_SUFFIX, _DIGEST_SUFFIX = ".cwasm", ".sha256"
_FEATURE_LINES = ("flags", "Features")
"""What /proc/cpuinfo calls a processor's features, on x86 and on ARM."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CompiledModule:
    """Native code of a module; the host checks the digest again over the bytes it loads."""

    path: Path
    sha256: Sha256


class WasmCache:
    """The folder of compiled modules. One worker at a time writes it."""

    def __init__(self, folder: Path, quota_bytes: int = QUOTA_BYTES) -> None:
        self._folder = folder
        self._quota_bytes = quota_bytes

    def find(self, module_sha256: Sha256) -> CompiledModule | None:
        """Return the compiled module, or None where there is none; a damaged one is set aside."""
        path = self._path(module_sha256)
        digest_path = path.with_suffix(_DIGEST_SUFFIX)
        try:
            expected = digest_path.read_text("ascii").strip()
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, UnicodeDecodeError):
            return None
        if actual != expected:
            aside = path.with_name(f"{path.name}.corrupt-{int(time.time())}")
            path.replace(aside)
            digest_path.unlink()
            _log.warning("a compiled module was damaged, and is set aside as %s", aside)
            return None
        os.utime(path)
        return CompiledModule(path, expected)

    def add(
        self,
        module_sha256: Sha256,
        compile_to: Callable[[Path], None],
        in_use: Collection[Path] = (),
    ) -> CompiledModule:
        """Compile into a draft, put it in place with its digest, and make room for it.

        Whatever has not been found for longest goes first, but nothing that is `in_use`.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(module_sha256)
        draft = path.with_suffix(".new")
        compile_to(draft)
        digest = hashlib.sha256(draft.read_bytes()).hexdigest()
        draft.replace(path)
        digest_draft = path.with_suffix(f"{_DIGEST_SUFFIX}.new")
        digest_draft.write_text(digest + "\n", "ascii")
        digest_draft.replace(path.with_suffix(_DIGEST_SUFFIX))
        self._make_room({path, *in_use})
        return CompiledModule(path, digest)

    def _make_room(self, keep: Collection[Path]) -> None:
        states = {path: path.stat() for path in self._folder.iterdir()}
        total_bytes = sum(state.st_size for state in states.values())
        for path in sorted(states, key=lambda each: states[each].st_mtime_ns):
            if total_bytes <= self._quota_bytes:
                return
            if path in keep or path.suffix == _DIGEST_SUFFIX:
                continue
            for gone in {path, path.with_suffix(_DIGEST_SUFFIX)} & states.keys():
                gone.unlink()
                total_bytes -= states[gone].st_size

    def _path(self, module_sha256: Sha256) -> Path:
        return self._folder / f"{module_sha256}-{compiler_key()}{_CODE_SUFFIX}"


@cache
def compiler_key() -> str:
    """Return a digest of all that compiled code is bound to beside its module."""
    made_by = (version("wasmtime"), SWITCHES, STACK_BYTES, platform.machine(), cpu_features())
    return hashlib.sha256(repr(made_by).encode()).hexdigest()[:16]


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the features of this processor as its system names them; "" where it does not say.

    Where it is not said, wasmtime itself refuses code for another processor.
    """
    try:
        lines = cpuinfo.read_text("ascii", "replace").splitlines()
    except OSError:
        return ""
    named = (line.partition(":")[::2] for line in lines)
    return next((words.strip() for name, words in named if name.strip() in _FEATURE_LINES), "")
