from __future__ import annotations

import ssl

import pytest
from urllib3 import ProxyManager

from gridle.market.protocol.errors import InvalidInputError
from gridle.worker.sources.connections import open_connections

MARKET = "http://market.example"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_proxy_the_market_is_spoken_to_directly() -> None:
    assert open_connections(MARKET).proxy is None


def test_a_proxy_that_is_set_is_used_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:p%40ss@proxy.example:3128")
    connections = open_connections(MARKET)
    assert isinstance(connections, ProxyManager)
    assert connections.proxy is not None
    assert (connections.proxy.host, connections.proxy.port) == ("proxy.example", 3128)
    assert connections.proxy_headers == {"proxy-authorization": "Basic bWU6cEBzcw=="}


def test_a_proxy_without_a_scheme_is_one_for_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "proxy.example:3128")
    proxy = open_connections(MARKET).proxy
    assert proxy is not None
    assert proxy.scheme == "http"


def test_hosts_that_are_excepted_are_spoken_to_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "market.example")
    assert open_connections(MARKET).proxy is None


def test_a_proxy_of_another_kind_is_explained_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://me:secret@proxy.example:1080")
    with pytest.raises(InvalidInputError, match="socks5") as refused:
        open_connections(MARKET)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("system_has_certificates", [True, False])
def test_certificates_are_checked_whatever_the_system_lacks(
    monkeypatch: pytest.MonkeyPatch, *, system_has_certificates: bool
) -> None:
    if not system_has_certificates:
        nowhere = ssl.DefaultVerifyPaths("", "", "", "", "", "")
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
        monkeypatch.setattr(ssl, "create_default_context", lambda: bare)
    context = open_connections("https://market.example").connection_pool_kw["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    if not system_has_certificates:
        assert context.cert_store_stats()["x509_ca"] > 50
