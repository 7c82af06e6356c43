"""The watched bus, against a real dbus-daemon and real services on it."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gridle.worker.probes.dbus.bus import Bus
from gridle.worker.probes.dbus.service import Body, Call, Interest, Service, Signal
from tests.rigs.bus_service import BusService
from tests.rigs.message_bus import HAS_DBUS, MessageBus

pytestmark = pytest.mark.skipif(not HAS_DBUS, reason="needs dbus-daemon")

DEADLINE_S = 20.0
NAME, PATH, FACE = "org.example.Lamp", "/org/example/Lamp", "org.example.Lamp"
CHANGED = Interest(FACE, "Changed")
ASK = Call(PATH, FACE, "Ask", "s", ("how bright",))


class Follower:
    """Asks once when the service appears, and keeps all that comes."""

    def __init__(self) -> None:
        self.came: queue.Queue[object] = queue.Queue()

    def appeared(self, service: Service) -> None:
        self.came.put("appeared")
        service.call(ASK, self.came.put)

    def heard(self, signal: Signal) -> None:
        self.came.put(signal)

    def gone(self) -> None:
        self.came.put("gone")

    def next(self) -> object:
        return self.came.get(timeout=DEADLINE_S)


@pytest.fixture
def daemon() -> Iterator[MessageBus]:
    daemon = MessageBus()
    yield daemon
    daemon.remove()


@pytest.fixture
def bus(daemon: MessageBus) -> Iterator[Bus]:
    bus = Bus(daemon.address)
    yield bus
    bus.close()


def lamp(daemon: MessageBus, answer: tuple[str, Body] | None = ("s", ("bright",))) -> BusService:
    return BusService(daemon.address, [NAME], {f"{FACE}.Ask": lambda *_: answer})


def test_a_service_is_asked_when_it_appears_and_missed_when_it_goes(
    daemon: MessageBus, bus: Bus
) -> None:
    follower = Follower()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    assert follower.came.get_nowait() == "gone"
    for _ in range(2):
        service = lamp(daemon)
        assert follower.next() == "appeared"
        assert follower.next() == ("bright",)
        service.emit(PATH, FACE, "Changed", "u", (7,))
        assert follower.next() == Signal(PATH, FACE, "Changed", (7,))
        service.close()
        assert follower.next() == "gone"


def test_start_returns_once_all_first_questions_are_answered(daemon: MessageBus, bus: Bus) -> None:
    service, follower = lamp(daemon), Follower()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    assert follower.came.get_nowait() == "appeared"
    assert follower.came.get_nowait() == ("bright",)
    service.close()


def test_a_signal_of_a_stranger_is_not_heard_even_where_it_is_sent_to_us(
    daemon: MessageBus, bus: Bus
) -> None:
    service, stranger, follower = lamp(daemon), BusService(daemon.address, [], {}), Follower()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    stranger.emit(PATH, FACE, "Changed", "s", ("a lie",), to=service.last_caller)
    stranger.emit(PATH, FACE, "Changed", "s", ("a lie",))
    service.emit(PATH, FACE, "Changed", "s", ("the truth",), to=service.last_caller)
    heard: list[object] = []
    while not (heard and isinstance(heard[-1], Signal)):
        heard.append(follower.next())
    assert heard[-1] == Signal(PATH, FACE, "Changed", ("the truth",))
    service.close()
    stranger.close()


def test_a_service_that_never_answers_holds_up_nobody(daemon: MessageBus, bus: Bus) -> None:
    silent, follower = lamp(daemon, answer=None), Follower()
    other = BusService(daemon.address, ["org.example.Other"], {f"{FACE}.Ask": lambda _: ("", ())})
    second = Follower()
    bus.listen(NAME, (), follower)
    bus.start()
    assert follower.next() == "appeared"
    bus.listen("org.example.Other", (), second)
    assert [second.next(), second.next()] == ["appeared", ()]
    assert follower.next() is None  # after the time-out
    silent.close()
    other.close()


def test_an_error_is_no_answer(daemon: MessageBus, bus: Bus) -> None:
    service, follower = BusService(daemon.address, [NAME], {}), Follower()
    bus.listen(NAME, (), follower)
    bus.start(DEADLINE_S)
    assert [follower.next(), follower.next()] == ["appeared", None]
    service.close()


def test_a_huge_message_is_skipped_and_the_next_one_heard(daemon: MessageBus, bus: Bus) -> None:
    service, follower = lamp(daemon), Follower()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    assert [follower.next(), follower.next()] == ["appeared", ("bright",)]
    service.emit(PATH, FACE, "Changed", "s", ("x" * (3 << 20),))
    service.emit(PATH, FACE, "Changed", "s", ("small",))
    assert follower.next() == Signal(PATH, FACE, "Changed", ("small",))
    service.close()


def test_a_bus_that_dies_is_found_again(daemon: MessageBus, bus: Bus) -> None:
    service, follower = lamp(daemon), Follower()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    assert [follower.next(), follower.next()] == ["appeared", ("bright",)]
    daemon.kill()
    assert follower.next() == "gone"
    service.close()
    daemon.begin()
    service = lamp(daemon)
    while follower.next() != ("bright",):
        pass
    service.close()


def test_a_listener_at_fault_loses_its_reading_but_not_the_bus(
    daemon: MessageBus, bus: Bus
) -> None:
    class Faulty(Follower):
        def heard(self, signal: Signal) -> None:
            raise LookupError(signal.member)

    service, follower = lamp(daemon), Faulty()
    bus.listen(NAME, (CHANGED,), follower)
    bus.start(DEADLINE_S)
    assert [follower.next(), follower.next()] == ["appeared", ("bright",)]
    service.emit(PATH, FACE, "Changed")
    assert [follower.next() for _ in range(3)] == ["gone", "appeared", ("bright",)]
    service.close()


def test_no_bus_at_all_is_a_service_that_is_not_there() -> None:
    bus, follower = Bus("unix:path=/nowhere/bus"), Follower()
    bus.listen(NAME, (), follower)
    bus.start(DEADLINE_S)
    assert follower.came.get_nowait() == "gone"
    started_at = time.monotonic()
    bus.close()
    assert time.monotonic() - started_at < DEADLINE_S


@pytest.mark.parametrize("said", [b"", b"REJECTED\r\n", b"OK 0123\r\n" + b"\xff" * 64])
def test_a_bus_that_is_none_holds_up_nobody(tmp_path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "bus"))
        door.listen()
        bus, follower = Bus(f"unix:path={tmp_path}/bus"), Follower()
        bus.listen(NAME, (), follower)
        started_at = time.monotonic()
        bus.start(0.1)
        assert time.monotonic() - started_at < DEADLINE_S / 4
        line, _ = door.accept()
        with line:
            line.sendall(said)
            assert follower.next() == "gone"
        bus.close()


def test_a_timer_goes_off_on_the_thread_of_the_bus_unless_the_service_has_gone(
    daemon: MessageBus, bus: Bus
) -> None:
    went_off: queue.Queue[Any] = queue.Queue()

    class Timed(Follower):
        def appeared(self, service: Service) -> None:
            service.after(0.05, lambda: went_off.put(threading.current_thread().name))

    service = lamp(daemon)
    bus.listen(NAME, (), Timed())
    bus.start(DEADLINE_S)
    assert went_off.get(timeout=DEADLINE_S) == "bus"
    service.close()
