"""Which tests may run beside which: `make test` shares them among two processes, by group."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.escape import verdicts

_FENCES = (
    "tests/contract/worker/test_",
    "tests/e2e/",
    "tests/escape/",
    "tests/integration/market/practice/test_image_making",
    "tests/integration/practice_jobs/",
    "tests/integration/worker/images/test_real_registry",
    "tests/integration/worker/sandbox/",
    "tests/integration/worker/test_second_worker",
)
"""Their tests share one engine's images and cards, count what is left on the machine, or measure
how fast a task runs: they run one after another."""


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Gives each group of tests, as a whole, to the next process that is free."""

    def _split_scope(self, nodeid: str) -> str:
        """A file's tests share what its fixtures made, and go together."""
        return "fences" if nodeid.startswith(_FENCES) else nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engine") and not item.nodeid.startswith(_FENCES):
            message = f"{item.nodeid} uses a container engine: name its file in tests/conftest.py"
            raise pytest.UsageError(message)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    return ByGroup(config, log)


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
