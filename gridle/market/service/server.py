"""The HTTP server process: port, signals, threads, and an end that keeps nobody waiting."""

from __future__ import annotations

import errno
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from gridle.lifeline import announce_ready, end_with_parent
from gridle.market.protocol.errors import UnavailableError
from gridle.market.service.clockwork import Clockwork
from gridle.market.service.http.app import make_app
from gridle.market.service.http.auth import Gate
from gridle.market.service.http.nonces import Nonces
from gridle.market.service.relay import Relay
from gridle.market.service.usecases.market import Market

_GRACE_S = 3
_THREAD_END_S = 5.0


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one.

    Raises:
        UnavailableError: another program has it, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # A restarted market takes its port again although old connections linger.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                f"Port {port} is taken by another program; end that one, or choose another --port.",
                f"端口 {port} 已被其他程序占用；请结束该程序，或另选 --port。",
            ) from error
        raise UnavailableError(
            f"This machine cannot listen on {host}, port {port}: {error.strerror}; choose another.",
            f"本机无法监听 {host} 的端口 {port}：{error.strerror}；请另选。",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn, which tells when it serves and wakes the long-polls when it is to end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


def serve(market: Market, listener: socket.socket, *, with_parent: bool) -> None:
    """Serve until SIGTERM, SIGINT, or (with_parent) the end of standard input."""
    relay, clockwork = Relay(market), Clockwork(market)
    app = make_app(market, Gate(market.database, Nonces(time.monotonic, int(time.time()))))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )

    def ready() -> None:
        relay.start()
        clockwork.start()
        announce_ready(
            url=_url(listener),
            delegate=market.delegate.address,
            relayer=market.relayer.address,
        )

    server = _Server(config, ready, market.bells.close)

    def end() -> None:
        server.should_exit = True

    if with_parent:
        end_with_parent(end)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises a signal again once it has ended; an asked-for end is no failure.
        signal.signal(number, _heard)
    try:
        server.run(sockets=[listener])
    finally:
        market.bells.close()
        clockwork.close(_THREAD_END_S)
        relay.close(_THREAD_END_S)


def _heard(_number: int, _frame: FrameType | None) -> None:
    pass


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
