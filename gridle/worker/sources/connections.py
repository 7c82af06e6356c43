"""The connections that all threads of a source share.

urllib3 by itself: what `requests` adds (guessing of text encodings, cookies, redirects) a worker
never uses, and it costs 6 MB of memory for all its life.
"""

from __future__ import annotations

import ssl
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager
from urllib3.util import Retry, make_headers

from gridle.market.protocol.errors import InvalidInputError

_MOST_KEPT = 16
"""More than threads will ever ask at once."""


def open_connections(url: str) -> PoolManager:
    """Return the way to the host of `url`: certificates checked, through a proxy where one is set.

    Only connecting is tried twice; whatever may have arrived is never repeated.

    Raises:
        InvalidInputError: the proxy that is set is none for HTTP.
    """
    retries = Retry(total=None, connect=1, read=0, status=0, other=0, redirect=0)
    # One context for all connections: each would keep a copy of its own of all root certificates.
    context = trusting() if url.startswith("https:") else None
    proxy = proxy_of(url)
    if proxy is None:
        return PoolManager(maxsize=_MOST_KEPT, retries=retries, ssl_context=context)
    return ProxyManager(
        proxy.geturl(),
        proxy_headers=proxy_credentials(proxy),
        maxsize=_MOST_KEPT,
        retries=retries,
        ssl_context=context,
    )


def trusting() -> ssl.SSLContext:
    """Return a context with the system's root certificates, or Mozilla's where it has none."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath or context.cert_store_stats()["x509_ca"]):
        import certifi  # noqa: PLC0415 - half a MB, and few systems lack certificates of their own

        context.load_verify_locations(certifi.where())
    return context


def proxy_of(url: str) -> SplitResult | None:
    """Return the proxy that this system's settings or environment name for `url`."""
    target = urlsplit(url)
    if proxy_bypass(target.hostname or ""):
        return None
    proxies = getproxies()
    named = proxies.get(target.scheme) or proxies.get("all")
    if not named:
        return None
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme not in ("http", "https"):
        raise InvalidInputError(
            f"This system sets a proxy of the kind '{proxy.scheme}', and Gridle can use http and "
            "https proxies alone; set one of those, or name the market's host in `no_proxy`.",
            f"系统设置了“{proxy.scheme}”类型的代理，而 Gridle 只能使用 http 和 https 代理；"
            "请改设其中一种，或将市场主机列入 `no_proxy`。",
        )
    return proxy


def proxy_credentials(proxy: SplitResult) -> dict[str, str] | None:
    """Return the header with which a proxy is told who asks, where its URL says who."""
    if proxy.username is None:
        return None
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return dict(make_headers(proxy_basic_auth=pair))
