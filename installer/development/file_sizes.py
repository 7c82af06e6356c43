"""Keep files and functions small: one concept a file, one thought a function.

Usage: python installer/development/file_sizes.py   (exit 1 where a hard limit is passed)
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONG_FILE_LINES, LONGEST_FILE_LINES, LONGEST_FUNCTION_LINES = 300, 500, 40
MIGRATIONS = "/migrations/versions/"  # each is one flat list of tables, whose length says nothing


def long_functions(source: str) -> Iterator[tuple[str, int]]:
    """Yield the name and length in lines of each function that is too long.

    Its signature and docstring do not count: they are for readers, and welcome.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > LONGEST_FUNCTION_LINES:
                yield node.name, lines


def judge(name: str, source: str) -> tuple[list[str], list[str]]:
    """Return one file's faults and its warnings."""
    lines = source.count("\n")
    faults = [
        f"{name}: the function {function} has {length} lines, {LONGEST_FUNCTION_LINES} are allowed"
        for function, length in long_functions(source)
        if MIGRATIONS not in name
    ]
    if lines > LONGEST_FILE_LINES:
        faults.append(f"{name}: {lines} lines, {LONGEST_FILE_LINES} are allowed")
        return faults, []
    if lines > LONG_FILE_LINES:
        return faults, [f"{name}: {lines} lines; think of splitting it"]
    return faults, []


def main() -> int:
    """Judge every Python file that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    faults: list[str] = []
    for name in listed:
        if (ROOT / name).is_file():
            found, warnings = judge(name, (ROOT / name).read_text("utf-8"))
            faults += found
            for warning in warnings:
                print(f"warning: {warning}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
