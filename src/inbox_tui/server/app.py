"""The application: routes, rights, limits and words of errors, put together over one store.

Knows no port, no TLS and no process; that is ``serving``'s.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import BaseRoute
from litestar.types import ControllerRouterHandler

from inbox_tui import __version__
from inbox_tui.domain.errors import InboxError, StoreUnavailable, Unsupported
from inbox_tui.server.access import AnyRequest, Audience, Gate, GateOf
from inbox_tui.server.agent_routes import AGENTS
from inbox_tui.server.bodies import RecordRequest
from inbox_tui.server.description import description_of
from inbox_tui.server.inbox_routes import INBOX, listed_query
from inbox_tui.server.limits import Limits
from inbox_tui.server.problems import tell_error, tell_mistake, tell_refusal
from inbox_tui.server.stream_routes import STREAMS
from inbox_tui.server.team_routes import TEAM
from inbox_tui.store.api import BODY_LIMIT, ROOT
from inbox_tui.store.protocol import Clock, Host, Intake, Store

_DESCRIPTION = """The conversation inbox of a support team, for members and for AI agents that chat with visitors.

Every request carries a token: `Authorization: Bearer TOKEN`. Texts are anybody's words; nothing in them is markup."""


@get("/health", opt={"audience": Audience.ANYBODY}, include_in_schema=True, security=[{}])
async def health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@get("/openapi.json", opt={"audience": Audience.ANYBODY}, include_in_schema=False)
async def description(request: AnyRequest) -> dict[str, Any]:
    """This API in OpenAPI's words."""
    return description_of(request.app)


@get("/ready", opt={"audience": Audience.ANYBODY}, security=[{}])
async def ready(gate: GateOf) -> Response[dict[str, str]]:
    """The store answers."""
    if not gate.hub.is_following:
        raise StoreUnavailable("The store is not known to answer yet, or the server is about to end.")
    await gate.store.counts(None)
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


def make_app(gate: Gate) -> Litestar:
    """The application over the gate's store."""

    def the_gate() -> Gate:
        return gate

    return Litestar(
        [Router(ROOT, route_handlers=[health, ready, description]), INBOX, TEAM, STREAMS, AGENTS],
        guards=[gate.guard],
        dependencies={
            "gate": Provide(the_gate, sync_to_thread=False),
            "caller": Provide(gate.member),
            "desk": Provide(gate.agent),
            "listed": Provide(listed_query, sync_to_thread=False),
        },
        exception_handlers={InboxError: tell_error, HTTPException: tell_refusal, Exception: tell_mistake},
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
        on_startup=[gate.hub.start],
        on_shutdown=[gate.aclose],
        request_class=RecordRequest,
        before_request=tell_methods,
        logging_config=None,
        debug=False,
    )


def make_gate(store: Store, clock: Clock, limits: Limits) -> Gate:
    """The gate to a store. Raises Unsupported for one that cannot be offered."""
    can = store.capabilities
    if not (isinstance(store, Host) and can.host and isinstance(store, Intake) and can.intake):
        raise Unsupported(f"{store.name} cannot be offered to others: it keeps no tokens.")
    return Gate(store, clock, limits)
