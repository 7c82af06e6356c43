from __future__ import annotations

import pytest

from gridle.worker.sandbox.net_rest import Rest, Turnstile


class Machine:
    """A clock, a CPU, and sleep that only moves the clock."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.cpu_s = 3.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def work(self, seconds: float) -> None:
        self.now_s += seconds
        self.cpu_s += seconds


def test_a_proxy_that_always_has_work_takes_a_tenth_of_a_core() -> None:
    machine = Machine()
    rest = Rest(lambda: machine.now_s, lambda: machine.cpu_s, machine.sleep)
    while machine.now_s < 200.0:
        machine.work(0.001)
        rest()
    assert 9.0 < machine.cpu_s - 3.0 < 10.7


def test_a_proxy_with_little_work_never_waits() -> None:
    machine = Machine()
    rest = Rest(lambda: machine.now_s, lambda: machine.cpu_s, machine.sleep)
    for _ in range(1000):
        machine.now_s += 0.1
        machine.work(0.005)
        before_s = machine.now_s
        rest()
        assert machine.now_s == before_s


def test_connections_come_at_a_measured_pace() -> None:
    machine = Machine()
    turnstile = Turnstile(lambda: machine.now_s, machine.sleep)
    began_s = machine.now_s
    for _ in range(40):
        turnstile.wait()
    assert machine.now_s == began_s
    for _ in range(100):
        turnstile.wait()
    assert machine.now_s - began_s == pytest.approx(10.0)
    machine.now_s += 60.0
    before_s = machine.now_s
    for _ in range(40):
        turnstile.wait()
    assert machine.now_s == before_s
