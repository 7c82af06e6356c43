"""A private message bus for the tests of presence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gridle.worker.probes.dbus.bus import Bus
from tests.rigs.message_bus import MessageBus


@pytest.fixture
def daemon() -> Iterator[MessageBus]:
    """Return a real bus of our own."""
    daemon = MessageBus()
    yield daemon
    daemon.remove()


@pytest.fixture
def bus(daemon: MessageBus) -> Iterator[Bus]:
    """Return our side of it, not started yet."""
    bus = Bus(daemon.address)
    yield bus
    bus.close()
