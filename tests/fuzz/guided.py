"""Fuzzes one target guided by coverage, in a process of its own; see run.py.

Run as `python -m tests.fuzz.guided TARGET FOLDER SECONDS`. Needs atheris (libFuzzer for Python).
"""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

from tests.fuzz.mutation import ALL_KINDS, MAX_INPUT_BYTES, Change
from tests.fuzz.targets import Target, target

_MEMORY_MB = 1024
_HANG_S = 60
_PLACES = 2**16


def main() -> None:
    """Fuzz; libFuzzer ends the process, with 77 where an input broke something."""
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["gridle", "tomllib"]):
        fuzzed = target(name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(fuzzed.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / "tokens.dict"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in fuzzed.tokens), "ascii")
    options = {
        "artifact_prefix": f"{folder}/",
        "dict": words,
        "max_len": MAX_INPUT_BYTES,
        "max_total_time": seconds,
        "print_final_stats": 1,
        "rss_limit_mb": _MEMORY_MB,
        "timeout": _HANG_S,
    }
    flags = [f"-{option}={value}" for option, value in options.items()]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        return fuzzed.repaired(_mutated(atheris, fuzzed, data, seed))[:max_size]

    atheris.Setup([sys.argv[0], *flags, str(corpus)], fuzzed.one_input, custom_mutator=mutate)
    atheris.Fuzz()


def _mutated(atheris: object, fuzzed: Target, data: bytes, seed: int) -> bytes:
    """Change it in libFuzzer's ways or in ours, in turn."""
    chance = random.Random(seed)  # noqa: S311 - a fuzzer's own, to be repeated
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(data, MAX_INPUT_BYTES))  # type: ignore[attr-defined] # a module that is optional
    changes = [
        Change(chance.randrange(ALL_KINDS), *(chance.randrange(_PLACES) for _ in range(3)))
        for _ in range(chance.randint(1, 3))
    ]
    return fuzzed.changed(data, changes)


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main()
