"""Coverage-guided fuzzing: `python -m tests.fuzz.run --seconds N [--target NAME]`.

Prints a row for each target. What broke something lies in build/fuzz/TARGET/ as `crash-…`; feed it
again with `python -m tests.fuzz.run --again FILE --target NAME`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.targets import NAMES, target

_FOLDER = Path("build/fuzz")
_PROGRESS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
_EXECUTED = re.compile(r"stat::number_of_executed_units: +(\d+)")
_PER_S = re.compile(r"stat::average_exec_per_sec: +(\d+)")
_SPARE_S = 300
"""For start, the corpus of earlier runs, and an input that hangs."""
_NO_ATHERIS = """\
Coverage-guided fuzzing needs atheris, which is not installed here. Get it with
    .venv/bin/pip install atheris
`make test` fuzzes without it.
"""


@dataclass(frozen=True)
class Figures:
    """What came of fuzzing one target."""

    executions: int
    per_s: int
    corpus: int
    coverage: int
    new_coverage: int
    crashes: tuple[str, ...]


def main() -> int:
    """Fuzz; the exit status is 1 where an input broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", choices=NAMES, help="this one alone")
    parser.add_argument("--again", type=Path, help="feed this file once, without atheris")
    asked = parser.parse_args()
    if asked.again:
        target(asked.target).one_input(asked.again.read_bytes())
        return 0
    if find_spec("atheris") is None:
        sys.stderr.write(_NO_ATHERIS)
        return 2
    names = (asked.target,) if asked.target else NAMES
    sys.stdout.write(_row("target", "executions", "per s", "corpus", "edges", "new", "crashes"))
    broken = False
    for name in names:
        found = _fuzz(name, asked.seconds)
        broken |= bool(found.crashes)
        figures = (found.executions, found.per_s, found.corpus, found.coverage)
        said = len(found.crashes), *found.crashes
        sys.stdout.write(_row(name, *figures, found.new_coverage, " ".join(map(str, said))))
        sys.stdout.flush()
    return int(broken)


def _fuzz(name: str, seconds: int) -> Figures:
    folder = _FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    before = _crashes(folder)
    log = folder / "log.txt"
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(folder), str(seconds)]
    with log.open("wb") as file:
        ended = subprocess.run(
            command, stdout=file, stderr=file, timeout=seconds + _SPARE_S, check=False
        )
    text = log.read_text("utf-8", "replace")
    crashes = tuple(sorted(_crashes(folder) - before))
    if ended.returncode and not crashes:
        crashes = (str(log),)
    progress = [tuple(map(int, each)) for each in _PROGRESS.findall(text)] or [(0, 0, 0)]
    executions, per_s = (
        int(found[1]) if (found := each.search(text)) else 0 for each in (_EXECUTED, _PER_S)
    )
    first, last = progress[0], progress[-1]
    return Figures(executions, per_s, last[2], last[0], last[0] - first[0], crashes)


def _crashes(folder: Path) -> set[str]:
    kinds = ("crash-*", "oom-*", "timeout-*", "leak-*")
    return {str(path) for kind in kinds for path in folder.glob(kind)}


def _row(*columns: object) -> str:
    first, *others = map(str, columns)
    return f"{first:<20}" + "".join(f"{other:>12}" for other in others[:-1]) + f"  {others[-1]}\n"


if __name__ == "__main__":
    sys.exit(main())
