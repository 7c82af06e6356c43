"""Which tests may run beside which: `make test` shares them among two processes, by group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.escape import verdicts

_HERE = Path(__file__).parent
_FENCES = (
    "contract/worker",
    "e2e",
    "escape",
    "integration/practice_jobs",
    "integration/worker/sandbox",
)
_ALONE = "fences"
"""Their tests share one engine's images and cards, count what is left on the machine, or measure
how fast a task runs: they run one after another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    path = item.path.relative_to(_HERE)
    in_fence = any(path.is_relative_to(each) for each in _FENCES)
    if item.get_closest_marker("engine") or (in_fence and "sources" not in path.parts):
        return _ALONE
    return str(path)  # a file's tests share what its fixtures made


def pytest_sessionfinish(session: pytest.Session) -> None:
    to_first: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if to_first is not None:  # this is one of several processes
        to_first["verdicts"] = verdicts.said()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types for it
    verdicts.take(getattr(node, "workeroutput", {}).get("verdicts", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in verdicts.table():
        terminalreporter.write_line(line)
