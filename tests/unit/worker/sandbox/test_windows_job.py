from __future__ import annotations

import ctypes
import signal
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridle.worker.sandbox import windows_job
from gridle.worker.sandbox.host_fence import Host
from gridle.worker.sandbox.port import Share
from gridle.worker.sandbox.windows_job import CpuRate, ExtendedLimit, WindowsJob, cpu_rate

HARD_CAP = 0x5


@given(st.floats(0, 30_000), st.integers(1, 256))
def test_the_rate_is_the_share_of_the_whole_machine(cpu_percent: float, cores: int) -> None:
    rate = cpu_rate(cpu_percent, cores)
    assert rate.control_flags == HARD_CAP
    assert 1 <= rate.cpu_rate <= 10_000
    if 1 <= cpu_percent * 100 / cores <= 10_000:
        assert rate.cpu_rate == pytest.approx(cpu_percent * 100 / cores, abs=0.51)


def test_half_a_core_of_four() -> None:
    assert cpu_rate(50.0, 4).cpu_rate == 1_250


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the sizes are those of 64-bit Windows")
def test_the_structures_have_windows_sizes() -> None:
    assert (ctypes.sizeof(CpuRate), ctypes.sizeof(ExtendedLimit)) == (8, 144)
    basic = windows_job._BasicLimit
    assert (basic.limit_flags.offset, basic.affinity.offset, ctypes.sizeof(basic)) == (16, 48, 64)


class Kernel:
    """Writes down what is asked of kernel32."""

    def __init__(self, refuses: str = "") -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._refuses = refuses

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - every function at once
        def call(*words: Any) -> int:  # noqa: ANN401 - whatever it takes
            copied = tuple(getattr(word, "_obj", word) for word in words)
            self.calls.append((name, copied))
            return 0 if name == self._refuses else len(self.calls)

        return call

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def host() -> Host:
    def send(_: signal.Signals) -> None:
        raise AssertionError

    return Host("t", 2**22 + 1, send, lambda: 0.0)


def test_a_host_is_taken_into_a_job_that_ends_with_this_program() -> None:
    kernel = Kernel()
    job = WindowsJob(host(), kernel)
    job.throttle(Share(25.0))
    asked = [words for name, words in kernel.calls if name == "SetInformationJobObject"]
    (_, first, limit, limit_size), (_, ui, _, _), (_, second, rate, rate_size) = asked
    assert (first, ui, second, limit_size, rate_size) == (9, 4, 15, 144, 8)
    assert (limit.basic.limit_flags, limit.basic.priority_class) == (0x2428, 0x40)
    assert limit.basic.active_processes == 1
    assert rate.control_flags == HARD_CAP
    job.freeze()
    job.thaw()
    job.let_die()
    job.release()
    assert kernel.names()[-2:] == ["TerminateJobObject", "CloseHandle"]


def test_a_host_that_no_job_takes_is_refused_and_the_job_closed() -> None:
    kernel = Kernel(refuses="AssignProcessToJobObject")
    with pytest.raises(OSError, match="refused"):
        WindowsJob(host(), kernel)
    assert kernel.names().count("CloseHandle") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there it is")
def test_elsewhere_there_is_no_kernel32() -> None:
    with pytest.raises(OSError, match="not Windows"):
        windows_job.load_kernel()
