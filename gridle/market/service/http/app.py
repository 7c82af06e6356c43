"""The ASGI application: every route of the protocol, and their description at `/schema`."""

from __future__ import annotations

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from gridle.market.protocol.codec import MAX_MESSAGE_BYTES
from gridle.market.protocol.errors import GridleError
from gridle.market.service.http import blob_routes, key_routes, node_routes, requestor_routes
from gridle.market.service.http.auth import Gate
from gridle.market.service.http.chain_desk import ChainDesk
from gridle.market.service.http.errors import failed, malformed, refused, too_deep
from gridle.market.service.usecases.market import Market


def make_app(market: Market, gate: Gate) -> Litestar:
    """Return the application that serves this market."""
    desk = ChainDesk()
    return Litestar(
        route_handlers=[
            *node_routes.HANDLERS,
            *requestor_routes.HANDLERS,
            *key_routes.HANDLERS,
            *blob_routes.HANDLERS,
        ],
        dependencies={
            "market": Provide(lambda: market, sync_to_thread=False, use_cache=True),
            "desk": Provide(lambda: desk, sync_to_thread=False, use_cache=True),
            "gate": Provide(lambda: gate, sync_to_thread=False, use_cache=True),
        },
        exception_handlers={
            GridleError: refused,
            HTTPException: malformed,
            RecursionError: too_deep,
            Exception: failed,
        },
        openapi_config=OpenAPIConfig(
            title="Gridle market",
            version="1",
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/")],
        ),
        request_max_body_size=MAX_MESSAGE_BYTES,
        logging_config=None,
        debug=False,
    )
