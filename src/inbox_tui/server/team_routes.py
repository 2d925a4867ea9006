"""The routes for members beyond the inbox: the team, their own profile, imports."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import Conversation, ImportResult, IncomingMessage, Lead, Member, MemberId
from inbox_tui.server.access import Audience, ContextOf, MemberCaller, MemberOf
from inbox_tui.server.ids import conversation_id
from inbox_tui.store.api import IMPORT_LIMIT, ROOT, AccessSetting, Handoff, Import, NewMember, Photo, Profile
from inbox_tui.store.protocol import Intake, Team


@get("/members", opt={"audience": Audience.MEMBER})
async def members(caller: MemberOf) -> Sequence[Member]:
    """All members, by name."""
    return await caller.store.members()


@post("/members", opt={"audience": Audience.ADMIN})
async def add_member(caller: MemberOf, data: JSONBody[NewMember]) -> Member:
    """Admit a person."""
    return await _team(caller).add_member(data.email, data.name, data.access)


@put("/members/{id:str}/access", opt={"audience": Audience.ADMIN})
async def set_access(caller: MemberOf, id: FromPath[str], data: JSONBody[AccessSetting]) -> Member:
    """Change what a member may do. Without access nothing stays assigned to them."""
    return await _team(caller).set_access(MemberId(id), data.access)


@put("/me/profile", opt={"audience": Audience.MEMBER})
async def save_profile(caller: MemberOf, data: JSONBody[Profile]) -> Member:
    """The asking member's own display name and avatar."""
    return await _team(caller).save_profile(data.name, data.badge)


@put("/me/photo", opt={"audience": Audience.MEMBER}, status_code=204)
async def save_photo(caller: MemberOf, data: JSONBody[Photo]) -> None:
    """The asking member's own photo, PNG or JPEG; null removes it."""
    await _team(caller).save_photo(data.photo)


@get("/members/{id:str}/photo", opt={"audience": Audience.MEMBER})
async def photo(caller: MemberOf, id: FromPath[str]) -> Photo:
    """A member's photo."""
    return Photo(await _team(caller).photo(MemberId(id)))


@post("/import", opt={"audience": Audience.ADMIN}, request_max_body_size=IMPORT_LIMIT, status_code=200)
async def take_in(caller: MemberOf, data: JSONBody[Import]) -> ImportResult:
    """Bring conversations in, or the messages that known ones lack. A wrong one refuses all of them. Admins only."""
    return await _intake(caller).ingest(data.conversations)


@post("/conversations/{id:str}/received", opt={"audience": Audience.CHAT}, status_code=200)
async def receive(caller: MemberOf, id: FromPath[str], data: JSONBody[IncomingMessage]) -> Conversation:
    """A message of a visitor or an AI agent that came in by other ways."""
    return await _intake(caller).receive(conversation_id(id), data)


@post("/conversations/{id:str}/handoff", opt={"audience": Audience.CHAT}, status_code=200)
async def request_handoff(
    caller: MemberOf, context: ContextOf, id: FromPath[str], data: JSONBody[Handoff]
) -> Conversation:
    """The visitor asks for a human by other ways."""
    return await _intake(caller).request_handoff(conversation_id(id), data.at or context.clock())


@put("/conversations/{id:str}/lead", opt={"audience": Audience.CHAT})
async def set_lead(caller: MemberOf, id: FromPath[str], data: JSONBody[Lead]) -> Conversation:
    """What is now known of the visitor."""
    return await _intake(caller).set_lead(conversation_id(id), data)


TEAM = Router(
    ROOT,
    route_handlers=[
        members,
        add_member,
        set_access,
        save_profile,
        save_photo,
        photo,
        take_in,
        receive,
        request_handoff,
        set_lead,
    ],
    tags=["team"],
)


def _team(caller: MemberCaller) -> Team:
    if not isinstance(caller.store, Team) or not caller.store.capabilities.team:
        raise Unsupported("The team of this store is managed elsewhere.")
    return caller.store


def _intake(caller: MemberCaller) -> Intake:
    if not isinstance(caller.store, Intake) or not caller.store.capabilities.intake:
        raise Unsupported("This store takes no conversations in.")
    return caller.store
