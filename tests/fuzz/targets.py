"""What is fuzzed: each target is a module with `one_input`, `SEEDS` and `TOKENS`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.tar_blocks import with_good_checksums

NAMES = (
    "wire_manifests",
    "source_manifests",
    "market_messages",
    "image_archives",
    "result_archives",
    "output_folders",
    "checkpoint_folders",
    "proxy_heads",
    "tls_hellos",
    "public_hosts",
    "local_lines",
    "wasm_answers",
    "log_tails",
)
_IN_BLOCKS = {"image_archives": 1, "result_archives": 0}
"""Targets that read tar files, and where in an input the first block begins."""


@dataclass(frozen=True)
class Target:
    """One reader of hostile bytes."""

    name: str
    one_input: Callable[[bytes], None]
    """Feeds it; raises where it does not hold what it must."""
    seeds: tuple[bytes, ...]
    """Good inputs to begin from."""
    tokens: tuple[bytes, ...]
    """Pieces that have a meaning to it."""

    def repaired(self, data: bytes) -> bytes:
        """Put right what would have every changed input refused at the first look."""
        at = _IN_BLOCKS.get(self.name)
        return data if at is None else with_good_checksums(data, at)


def target(name: str) -> Target:
    """Load a target; not before, so that a fuzzer can instrument what it imports."""
    module = importlib.import_module(f"tests.fuzz.{name}")
    return Target(name, module.one_input, tuple(module.SEEDS), tuple(module.TOKENS))
