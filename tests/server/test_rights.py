"""Who may ask for what: every route there is, by everybody there could be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from inbox_tui.domain.errors import NotAllowed
from inbox_tui.domain.models import Access
from inbox_tui.domain.tokens import NewToken, hash_of
from inbox_tui.server.access import Audience
from inbox_tui.server.app import application
from inbox_tui.store.api import Problem
from inbox_tui.store.protocol import Host, Store, Team
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.factories import DANA, EVE, SAM, WEBSITE
from server.harness import Served, serving

AT = "2026-11-03T10:00:00Z"
Body = dict[str, Any] | None

BODIES: dict[str, Body] = {
    "POST /v1/conversations/{id}/messages": {"body": "Hello", "key": "k", "last_seen": None, "kind": "note"},
    "PUT /v1/conversations/{id}/assignee": {"member": None, "expected": None},
    "PUT /v1/conversations/{id}/status": {"status": "open", "expected": "open"},
    "POST /v1/lookup": {"ids": ["one"]},
    "POST /v1/bulk": {"changes": []},
    "POST /v1/members": {"email": "new@acme.example"},
    "PUT /v1/members/{id}/access": {"access": "edit"},
    "PUT /v1/me/profile": {"name": "Same Name", "badge": {"initials": "SN", "color": "blue"}},
    "PUT /v1/me/photo": {"photo": None},
    "POST /v1/import": {"conversations": []},
    "POST /v1/conversations/{id}/received": {"author": "visitor", "body": "Hi", "created_at": AT, "key": "r"},
    "POST /v1/conversations/{id}/handoff": {},
    "PUT /v1/conversations/{id}/lead": {"name": "Priya"},
    "POST /v1/agent/conversations": {"id": "one"},
    "POST /v1/agent/conversations/{id}/messages": {"author": "visitor", "body": "Hi", "key": "a"},
    "PUT /v1/agent/conversations/{id}/lead": {"name": "Priya"},
    "POST /v1/agent/conversations/{id}/handoff": {},
}
"""A request to each route that takes a body which does no harm however often it is sent."""

ALLOWED: dict[str, set[Audience]] = {
    "nobody": {Audience.ANYBODY},
    "unknown": {Audience.ANYBODY},
    "expired": {Audience.ANYBODY},
    "revoked": {Audience.ANYBODY},
    "none": {Audience.ANYBODY, Audience.MEMBER},
    "edit": {Audience.ANYBODY, Audience.MEMBER, Audience.CHAT},
    "admin": {Audience.ANYBODY, Audience.MEMBER, Audience.CHAT, Audience.ADMIN},
    "agent": {Audience.ANYBODY, Audience.AGENT},
}
"""What each kind of caller may ask for."""
STRANGERS = ("nobody", "unknown", "expired", "revoked")
DAY = timedelta(days=1)


class Later:
    """The server's clock, which can be put forward."""

    by = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.by


def routes_of(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Every method and path of the application, with its handler."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
            handler, _ = route.route_handler_map[method]
            yield method, route.path_format.replace("{id:str}", "{id}"), handler


async def secret_for(caller: str, served: Served, later: Later) -> str:
    """A token as this kind of caller has one; "" for none."""
    members = {"none": EVE, "edit": SAM, "admin": DANA, "revoked": DANA}
    if caller in members:
        secret, token = await served.token(members[caller])
        if caller == "revoked":
            await served.host.revoke_token(token.id)
        return secret
    if caller == "agent":
        return (await served.token(agent=WEBSITE))[0]
    if caller == "expired":
        await served.host.add_token(NewToken(hash_of("inbox_m_old"), DANA, expires_at=utc_now() + DAY))
        later.by = 2 * DAY
        return "inbox_m_old"
    return "inbox_m_unknown" if caller == "unknown" else ""


@pytest.mark.parametrize("caller", ALLOWED)
async def test_the_table(store: Store, caller: str) -> None:
    later = Later()
    async with serving(store, clock=later) as served, httpx.AsyncClient() as client:
        secret = await secret_for(caller, served, later)
        if secret:
            client.headers["Authorization"] = f"Bearer {secret}"
        eve = next(member.id for member in await store.members() if member.email == EVE)
        wrong: dict[str, tuple[int, Problem]] = {}
        asked = 0
        for method, path, handler in routes_of(application()):
            audience: Audience = handler.opt["audience"]
            expected = 200 if audience in ALLOWED[caller] else 401 if caller in STRANGERS else 403
            address = served.address + path.replace("{id}", eve if "/members/" in path else "one")
            body = BODIES[f"{method} {path}"] if method != "GET" else None
            content = msgspec.json.encode(body) if body is not None else None
            async with client.stream(method, address, content=content) as answer:
                asked += 1
                status = 200 if answer.is_success else answer.status_code
                if status != expected:
                    await answer.aread()
                    wrong[f"{method} {path}"] = (answer.status_code, msgspec.json.decode(answer.content, type=Problem))
                if answer.status_code == 401:
                    assert answer.headers["www-authenticate"] == "Bearer"
        assert wrong == {}
        assert asked == 36, "look at who may ask for a new route, then count it"


def test_no_route_was_forgotten() -> None:
    routes = list(routes_of(application()))
    with_bodies = {f"{method} {path}" for method, path, _ in routes if method in ("POST", "PUT")}
    assert with_bodies == set(BODIES)
    assert {handler.opt.get("audience") for _, _, handler in routes} == set(Audience)


@pytest.mark.parametrize("header", ["", "Bearer", "Basic ZGFuYTpzZWNyZXQ=", "token", "Bearer \xff\xfe", "Bearer a b"])
async def test_what_is_no_token(served: Served, header: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{served.api}/me", headers=[(b"Authorization", header.encode("latin-1"))])
    assert answer.status_code == 401
    assert msgspec.json.decode(answer.content, type=Problem).error == "credentials"


async def test_access_bites_on_the_next_request(served: Served, store: Store) -> None:
    assert isinstance(store, Team)
    secret, token = await served.token(SAM)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as client:

        async def thread() -> int:
            return (await client.get(f"{served.api}/conversations/one/thread")).status_code

        assert await thread() == 200
        assert token.member is not None
        await store.set_access(token.member.id, Access.NONE)
        assert await thread() == 403
        await store.set_access(token.member.id, Access.EDIT)
        assert await thread() == 200
        await served.host.revoke_token(token.id)
        assert await thread() == 401


async def test_a_member_may_not_make_tokens_or_members_through_the_api(served: Served) -> None:
    sam = await served.open_as(SAM)
    assert isinstance(sam, Team)
    with pytest.raises(NotAllowed):
        await sam.add_member("friend@acme.example", "", Access.ADMIN)
    with pytest.raises(NotAllowed):
        await sam.set_access((await sam.me()).id, Access.ADMIN)
    assert not isinstance(sam, Host) or not sam.capabilities.host
    await sam.aclose()


@pytest.mark.parametrize(
    "path",
    ["/", "/schema", "/docs", "/swagger", "/openapi.json", "/v1", "/v1/", "/v1/none", "/v2/me", "/v1/me/", "/v1//me"],
)
async def test_there_is_nothing_else(served: Served, path: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(served.address + path)
    assert answer.status_code == 404
    assert msgspec.json.decode(answer.content, type=Problem).error == "not_found"


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 204), ("DELETE", 405), ("PATCH", 405), ("HEAD", 405)])
async def test_other_methods(served: Served, method: str, status: int) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, f"{served.api}/me")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (status, {"GET", "OPTIONS"})


async def test_options_name_every_method_of_a_path(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.api) as client:
        for path, methods in {"members": "GET, OPTIONS, POST", "members/1/access": "OPTIONS, PUT"}.items():
            answer = await client.options(f"/{path}")
            assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")
