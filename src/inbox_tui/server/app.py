"""The application: puts routes, rights, limits and error answers together.

Knows no port, no TLS and no process; that is ``serving``'s.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import BaseRoute
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from inbox_tui import __version__
from inbox_tui.domain.errors import InboxError, StoreUnavailable, Unsupported
from inbox_tui.server.access import (
    AgentApi,
    AnyRequest,
    Audience,
    ContextOf,
    MemberCaller,
    ServerContext,
    attach_context,
    context_of,
)
from inbox_tui.server.agent_routes import AGENTS
from inbox_tui.server.answers import in_pieces
from inbox_tui.server.attendance import attended
from inbox_tui.server.bodies import RecordRequest
from inbox_tui.server.description import Described
from inbox_tui.server.inbox_routes import INBOX, listed_query
from inbox_tui.server.limits import Limits
from inbox_tui.server.problems import tell_error, tell_mistake, tell_refusal
from inbox_tui.server.strangers import HEALTH
from inbox_tui.server.stream_routes import STREAMS
from inbox_tui.server.team_routes import TEAM
from inbox_tui.store.api import BODY_LIMIT, ROOT
from inbox_tui.store.protocol import Clock, Host, Store

_DESCRIPTION = """The conversation inbox of a support team, for members and for AI agents that chat with visitors.

Every request carries a token: `Authorization: Bearer TOKEN`. Texts are anybody's words; nothing in them is markup."""
_HEALTH = {"status": "ok"}
_HEALTHY = msgspec.json.encode(_HEALTH)
_HEALTH_HEADERS = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(_HEALTHY)))


@get("/health", opt={"audience": Audience.ANYBODY}, include_in_schema=True, security=[{}])
async def health() -> dict[str, str]:
    """The process lives."""
    return _HEALTH


@get("/openapi.json", opt={"audience": Audience.ANYBODY}, include_in_schema=False)
async def description(request: AnyRequest) -> Response[bytes]:
    """This API in OpenAPI's words."""
    described = api_description()
    headers = {"ETag": described.tag, "Cache-Control": "no-cache"}
    if described.tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(described.json, media_type=MediaType.JSON, headers=headers)


@get("/ready", opt={"audience": Audience.ANYBODY}, security=[{}])
async def ready(context: ContextOf) -> Response[dict[str, str]]:
    """The store answers and takes writes, and what is written to it is heard."""
    if not context.hub.is_following:
        raise StoreUnavailable("Live updates are unavailable, or the server is about to end.")
    await context.readiness.require()
    return Response({"status": "ready"})


async def tell_methods(request: AnyRequest) -> Response[None] | None:
    """Answer OPTIONS with every method of the path; the framework would name those of its first handler alone."""
    if request.method != "OPTIONS":
        return None
    here = request.scope["path_template"]
    methods = {method for route in request.app.routes if route.path_format == here for method in route.methods}
    return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(methods))})


class _Unserved(Router):
    """Where the framework puts pages of its own about the API; we serve none of them, and guard none."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        return []


async def let_in(request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let in whom a route is for."""
    await context_of(request.scope).let_in(request, handler)


def tell_store_error(request: AnyRequest, error: InboxError) -> Response[bytes]:
    """What the store, or a rule, said."""
    return tell_error(error, context_of(request.scope).store.name)


async def provide_caller(request: AnyRequest) -> MemberCaller:
    """The member who asks."""
    return await context_of(request.scope).member(request)


async def provide_api(request: AnyRequest) -> AgentApi:
    """The AI agent that asks, and what it can do."""
    return await context_of(request.scope).agent(request)


async def provide_context(request: AnyRequest) -> ServerContext:
    """What all requests of this server share."""
    return context_of(request.scope)


@cache
def application() -> Litestar:
    """The application, the same for every store: each request carries the context of its own (``through``)."""
    return Litestar(
        [Router(ROOT, route_handlers=[health, ready, description]), INBOX, TEAM, STREAMS, AGENTS],
        guards=[let_in],
        dependencies={
            "context": Provide(provide_context),
            "caller": Provide(provide_caller),
            "api": Provide(provide_api),
            "listed": Provide(listed_query, sync_to_thread=False),
        },
        exception_handlers={InboxError: tell_store_error, HTTPException: tell_refusal, Exception: tell_mistake},
        request_max_body_size=BODY_LIMIT,
        openapi_config=OpenAPIConfig(
            title="inbox-tui",
            version=__version__,
            description=_DESCRIPTION,
            openapi_router=_Unserved("/", route_handlers=[]),
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
            use_handler_docstrings=True,
        ),
        request_class=RecordRequest,
        before_request=tell_methods,
        logging_config=None,
        debug=False,
    )


@cache
def api_description() -> Described:
    """The description of the API, built once."""
    return Described.of(application())


def wrap(context: ServerContext) -> ASGIApp:
    """The application over the context's store."""
    app = attended(in_pieces(application()))

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == HEALTH and scope.get("method") == "GET":
            await _send_health(send)  # a probe must cost next to nothing, for anybody may send many
            return
        attach_context(context, scope)
        await app(scope, receive, send)

    return gated


async def _send_health(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEALTH_HEADERS)})
    await send({"type": "http.response.body", "body": _HEALTHY, "more_body": False})


def make_context(store: Store, clock: Clock, limits: Limits) -> ServerContext:
    """What requests to this store share. Raises Unsupported for one that cannot be offered."""
    can = store.capabilities
    if not (isinstance(store, Host) and can.host):
        raise Unsupported(f"{store.name} cannot be offered to others: it keeps no tokens.")
    return ServerContext(store, clock, limits)
