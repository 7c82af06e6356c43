"""The proxy's own process, attacked from inside its namespace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gridle.market.protocol.errors import UnavailableError
from gridle.worker.sandbox.net_process import Moved, NetProcess, Rates
from gridle.worker.sandbox.net_request import MAX_HEAD_BYTES
from tests.rigs import net_inside, net_world
from tests.rigs.net_inside import ask, connect, enter, get, hear, hello
from tests.rigs.net_world import World

ALLOW = tuple(host for host in net_world.HOSTS if host != "other.example.org")
UNKNOWN = "unknown.example.org"
MUCH = 2**30
DEADLINE_S = 60.0


@pytest.fixture
def proxy(internet: World) -> Iterator[NetProcess]:
    made = NetProcess((*ALLOW, UNKNOWN), MUCH, Rates(), internet.prefix)
    yield made
    made.end()


def pid_of(proxy: NetProcess) -> int:
    return int(proxy.space.split("/")[2])


def test_a_named_host_answers_and_every_byte_counts(proxy: NetProcess) -> None:
    heard = ask(proxy.space, get("API.example.ORG.", "/x"))
    assert f"I am {net_world.PUBLIC}:80\n".encode() in heard
    got = heard.partition(b":80\n")[2]
    assert got == b"GET /x HTTP/1.1\r\nHost: api.example.org\r\nConnection: close\r\n\r\n"
    assert proxy.end() == Moved(sent_bytes=len(got), received_bytes=len(heard))


def test_a_tunnel_carries_both_ways_and_ends_one_way_first(proxy: NetProcess) -> None:
    first = hello("api.example.org")
    with enter(proxy.space) as line:
        line.sendall(connect("api.example.org:443"))
        assert line.recv(1000) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        line.sendall(first[:100])
        line.sendall(first[100:])
        line.sendall(b"bye")
        line.shutdown(socket.SHUT_WR)
        assert hear(line) == first + b"bye"
    assert proxy.end() == Moved(len(first) + 3, len(first) + 3)


@pytest.mark.parametrize(
    "first",
    [hello("other.example.org"), hello("127.0.0.1"), b"SSH-2.0-x\r\n", get("api.example.org")],
)
def test_a_tunnel_is_for_tls_to_its_own_host(proxy: NetProcess, first: bytes) -> None:
    heard = ask(proxy.space, connect("api.example.org:443") + first)
    assert heard.partition(b"\r\n\r\n")[2] == b"\x15\x03\x03\x00\x02\x02\x70"
    assert proxy.end() == Moved()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (get("other.example.org"), 403),  # public, but not in the manifest
        (get(net_world.PUBLIC), 403),
        (get("127.0.0.1"), 403),
        (get("2130706433"), 403),
        (get("0x7f000001"), 403),
        (get("0177.0.0.1"), 403),
        (get("localhost"), 403),
        (get("lan.example.org"), 403),
        (get("own.example.org"), 403),
        (get("meta.example.org"), 403),
        (get("mixed.example.org"), 403),  # one bad address condemns the name
        (get("neighbour.example.org"), 403),  # public, but of this machine's own network
        (get(UNKNOWN), 502),
        (get("api.example.org:22"), 400),
        (get("api.example.org@127.0.0.1"), 400),
        (get("[::1]"), 400),
        (connect("api.example.org:22"), 403),
        (connect("api.example.org:80"), 403),
        (connect("api.example.org:0443"), 403),
        (connect("127.0.0.1:443"), 403),
        (connect("lan.example.org:443"), 403),
        (connect("own.example.org:443"), 403),
        (connect("[::1]:443"), 403),
        (connect("[::ffff:127.0.0.1]:443"), 403),
        (b"x" * (MAX_HEAD_BYTES * 4), 431),
        (b"GET / HTTP/1.1\r\nHost: api.example.org\r\n\r\n", 400),
    ],
)
def test_nothing_else_is_reached(proxy: NetProcess, asked: bytes, status: int) -> None:
    heard = ask(proxy.space, asked)
    assert heard.startswith(f"HTTP/1.1 {status} ".encode()), heard
    assert b"I am" not in heard
    assert proxy.end() == Moved()


def test_a_second_request_hidden_in_the_first_is_not_sent_on(proxy: NetProcess) -> None:
    heard = ask(proxy.space, get("api.example.org") + get("other.example.org"))
    assert b"other" not in heard
    body = b"POST http://api.example.org/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    heard = ask(proxy.space, body + get("other.example.org"))
    assert heard.endswith((b"\r\n\r\nabc", b"\r\n\r\n"))
    assert b"other" not in heard


@pytest.mark.parametrize("address", [net_world.PUBLIC, net_world.ROUTER, net_world.METADATA])
def test_there_is_no_route(proxy: NetProcess, address: str) -> None:
    with pytest.raises(OSError, match="unreachable"):
        enter(proxy.space, address, 80)


def test_the_machines_loopback_is_another(proxy: NetProcess) -> None:
    with pytest.raises(ConnectionRefusedError):
        enter(proxy.space, "127.0.0.1", 80)


def test_a_slow_head_is_ended_and_a_flood_waits_its_turn(proxy: NetProcess) -> None:
    """Sixteen that say nothing hold the proxy up for ten seconds, and only their own task."""
    lines = [enter(proxy.space) for _ in range(24)]
    began_s = time.monotonic()
    for line in lines:
        line.sendall(b"GET http://api.example.org/ HT")
    assert b"I am" in ask(proxy.space, get("api.example.org"))
    assert time.monotonic() - began_s > 5.0
    assert psutil.Process(pid_of(proxy)).num_threads() < 50
    for line in lines:
        with line:
            line.settimeout(DEADLINE_S)
            assert hear(line).startswith(b"HTTP/1.1 408 ")


def test_the_volume_of_a_task_is_limited(internet: World) -> None:
    proxy = NetProcess(ALLOW, 100_000, Rates(), internet.prefix)
    heard = ask(proxy.space, get("api.example.org", "/big"))
    assert 90_000 < len(heard) < 100_000
    assert ask(proxy.space, get("api.example.org")).startswith(b"HTTP/1.1 403 ")
    moved = proxy.end()
    assert moved.sent_bytes + moved.received_bytes == 100_000


def test_nothing_passes_until_the_owner_lets_it(internet: World) -> None:
    proxy = NetProcess(ALLOW, MUCH, Rates(0, 0), internet.prefix)
    with enter(proxy.space) as line:
        line.sendall(get("api.example.org"))
        line.settimeout(0.5)
        with pytest.raises(TimeoutError):
            line.recv(100)
        proxy.limit(Rates(None, None))
        line.settimeout(DEADLINE_S)
        assert b"I am" in hear(line)
    proxy.end()


def test_a_rate_holds(internet: World) -> None:
    proxy = NetProcess(ALLOW, MUCH, Rates(None, 1_000_000), internet.prefix)
    began_s = time.monotonic()
    assert len(ask(proxy.space, get("api.example.org", "/big"))) > 3_000_000
    assert 2.5 < time.monotonic() - began_s < 20.0
    proxy.end()


def test_it_has_given_every_privilege_away(proxy: NetProcess) -> None:
    status = Path(f"/proc/{pid_of(proxy)}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(facts["Uid"].split() + facts["Gid"].split()) == {"65534"}
    assert facts["Groups"].split() == []
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    assert Path(f"/proc/{pid_of(proxy)}/fd").stat().st_uid == 0  # nobody may not look inside


def test_a_host_that_says_nothing_more_is_told_as_an_error() -> None:
    with pytest.raises(UnavailableError, match="could not be started"):
        NetProcess(ALLOW, MUCH, Rates(), ("true",))


def test_it_ends_with_a_worker_that_is_killed(internet: World) -> None:
    script = (
        "import sys, threading\n"
        "from gridle.worker.sandbox.net_process import NetProcess, Rates\n"
        "made = NetProcess(('api.example.org',), 1, Rates(), tuple(sys.argv[1:]))\n"
        "print(made.space, flush=True)\n"
        "threading.Event().wait()\n"
    )
    root = str(Path(__file__).resolve().parents[4])
    worker = subprocess.Popen(
        [sys.executable, "-c", script, *internet.prefix],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert worker.stdout is not None
    space = worker.stdout.readline().strip()
    proxy = psutil.Process(int(space.split("/")[2]))
    line = net_inside.enter(space)  # even with a connection open
    worker.kill()
    worker.communicate()
    proxy.wait(DEADLINE_S)
    assert hear(line) == b""
    line.close()
