"""How a registry is reached: TLS by its name at the judged address, or the system's proxy."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gridle.market.protocol.errors import InvalidInputError, RefusedError, UnavailableError
from gridle.worker.images.registry import Registry
from gridle.worker.sources.pace import Paces
from tests.rigs import registry_stub
from tests.rigs.registry_stub import StubRegistry

NAME = "registry.example"
DATA = b'{"some": "manifest"}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", str(folder / "key"), "-out", str(folder / "cert"), "-days", "2",
        "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture
def stub(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubRegistry]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert"))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "cert", certificate / "key")
    with registry_stub.serving(tls) as registry:
        yield registry


def at_loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_a_registry_is_known_by_its_certificate(stub: StubRegistry) -> None:
    sha256 = stub.put(DATA)
    named = f"{NAME}:{stub.port}/acme/tool"
    registry = Registry(named, Paces(), allows_near=True, resolve=at_loopback)
    assert registry.manifest(sha256) == DATA
    path, headers = stub.asked[0]
    assert path == f"/v2/acme/tool/manifests/sha256:{sha256}"
    assert headers["host"] == f"{NAME}:{stub.port}"
    other = f"other.example:{stub.port}/acme/tool"
    with pytest.raises(UnavailableError):
        Registry(other, Paces(), allows_near=True, resolve=at_loopback).manifest(sha256)
    assert len(stub.asked) == 1


def test_the_second_address_is_tried_where_the_first_is_dead(stub: StubRegistry) -> None:
    sha256 = stub.put(DATA)
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", stub.port))  # bound and not listening: refused at once
        registry = Registry(
            f"{NAME}:{stub.port}/acme/tool",
            Paces(),
            allows_near=True,
            resolve=lambda *_: ["127.0.0.2", "127.0.0.1"],
        )
        assert registry.manifest(sha256) == DATA


class Tunnel(BaseHTTPRequestHandler):
    """A proxy that connects everybody to one port."""

    asked: list[tuple[str, str | None]]
    port: int

    def do_CONNECT(self) -> None:
        self.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        with socket.create_connection(("127.0.0.1", self.port)) as other:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: other, other: self.connection}
            while ready := select.select(list(ends), [], [], 20)[0]:
                for each in ready:
                    data = each.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    ends[each].sendall(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def proxy(stub: StubRegistry, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Tunnel]]:
    kind = type("OneTunnel", (Tunnel,), {"asked": [], "port": stub.port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{server.server_address[1]}")
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_systems_proxy_is_used_and_resolves_names(
    stub: StubRegistry, proxy: type[Tunnel]
) -> None:
    sha256 = stub.put(DATA)
    registry = Registry(f"{NAME}/acme/tool", Paces(), allows_near=False, resolve=public)
    assert registry.manifest(sha256) == DATA
    assert proxy.asked == [(f"{NAME}:443", "Basic bWU6c2VjcmV0")]


def public(_host: str, _port: int) -> list[str]:
    return ["93.184.216.34"]


@pytest.mark.parametrize("host", ["192.168.1.1", "127.1", "0x7f000001", "router", "2130706433"])
def test_a_proxy_is_not_asked_for_what_is_near(
    stub: StubRegistry, proxy: type[Tunnel], host: str
) -> None:
    sha256 = stub.put(DATA)
    registry = Registry(
        f"{host}/acme/tool", Paces(), allows_near=False, resolve=lambda *_: ["192.168.1.1"]
    )
    with pytest.raises(RefusedError, match="private network"):
        registry.manifest(sha256)
    assert proxy.asked == []


def test_a_proxy_of_another_kind_is_said(
    stub: StubRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    registry = Registry(f"{NAME}/acme/tool", Paces(), allows_near=False, resolve=public)
    with pytest.raises(InvalidInputError, match="socks5"):
        registry.manifest(stub.put(DATA))
