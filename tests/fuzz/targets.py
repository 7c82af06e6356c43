"""What is fuzzed: each target is a module with `one_input`, `SEEDS` and `TOKENS`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.fuzz.mutation import KINDS, Change, changed
from tests.fuzz.tar_blocks import with_good_checksums, with_hostile_field

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

    def changed(self, data: bytes, changes: Sequence[Change]) -> bytes:
        """Change a good input, and put right what would have any change refused at the first look.

        Kinds of changes from `KINDS` on have a meaning for some targets alone.
        """
        at = _IN_BLOCKS.get(self.name)
        for each in changes:
            if at is not None and each.kind >= KINDS:
                data = with_hostile_field(data, at, each.at, each.choice, self.tokens)
            else:
                data = changed(data, [each], self.tokens)
        return self.repaired(data)

    def repaired(self, data: bytes) -> bytes:
        """Write a tar's checksums anew."""
        at = _IN_BLOCKS.get(self.name)
        return data if at is None else with_good_checksums(data, at)


def target(name: str) -> Target:
    """Load a target; not before, so that a fuzzer can instrument what it imports."""
    module = importlib.import_module(f"tests.fuzz.{name}")
    return Target(name, module.one_input, tuple(module.SEEDS), tuple(module.TOKENS))
