"""Keccak-256 as Ethereum uses it (padding before FIPS 202), by pycryptodome.

pycryptodome calls its C code through cffi where that is installed, which loads a whole parser of
C: 2 MB for all the life of a worker. Through ctypes, its other way, it is as good.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _as_if_not_installed(name: str) -> Iterator[None]:
    """Make importing a module fail inside; used while this module loads, before any thread."""
    modules = sys.modules
    loaded = modules.get(name)
    modules[name] = None  # type: ignore[assignment] # Python's own way to forbid an import
    try:
        yield
    finally:
        del modules[name]
        if loaded is not None:
            modules[name] = loaded


with _as_if_not_installed("cffi"):
    from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """Return the Keccak-256 digest of `data`, 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()
