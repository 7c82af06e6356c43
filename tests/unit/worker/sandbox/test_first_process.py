from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gridle.worker.sandbox import first_process
from gridle.worker.sandbox.first_process import FirstProcess

LISTENING = """
import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))
print("listens", flush=True)
signal.pause()
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", LISTENING], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "listens\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_is_told(child: subprocess.Popen[str]) -> None:
    first = FirstProcess(child.pid)
    first.tell(signal.SIGUSR1)
    assert child.wait(30.0) == 7
    first.tell(signal.SIGUSR1)  # it has ended: nobody is told
    first.release()


@pytest.mark.parametrize("begun", [None, False])
def test_what_is_not_the_tasks_own_program_is_left_alone(
    child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch, *, begun: bool | None
) -> None:
    monkeypatch.setattr(first_process, "has_begun", lambda _: begun)
    first = FirstProcess(child.pid)
    first.tell(signal.SIGUSR1)
    first.release()
    child.send_signal(signal.SIGTERM)
    assert child.wait(30.0) == -signal.SIGTERM


def test_once_released_nobody_is_told(child: subprocess.Popen[str]) -> None:
    first = FirstProcess(child.pid)
    first.release()
    first.release()
    first.tell(signal.SIGUSR1)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30.0) == -signal.SIGTERM


def test_a_number_that_is_nobodys_is_no_error() -> None:
    first = FirstProcess(2**22 + 1)  # beyond the largest that the kernel gives out
    first.tell(signal.SIGUSR1)
    first.release()
