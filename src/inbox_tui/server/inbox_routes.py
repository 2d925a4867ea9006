"""The routes of the inbox: lists, threads, replies, assignments, status. Each is a verb of the port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from inbox_tui import __version__
from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import Counts, Filter, Order, Query, Scope
from inbox_tui.domain.models import (
    Agent,
    AgentId,
    Assign,
    Conversation,
    Member,
    MessageId,
    ReplyDraft,
    Sent,
    SetStatus,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import (
    LOOKUP_ROOM,
    MOST_CHANGE,
    MOST_CONVERSATION,
    MOST_OUTCOME,
    OUTCOMES_ROOM,
    Page,
    PageRequest,
    sent_size,
)
from inbox_tui.server.access import AnyRequest, Audience, MemberCaller, MemberOf
from inbox_tui.server.answers import keep_room
from inbox_tui.server.ids import conversation_id
from inbox_tui.server.problems import outside
from inbox_tui.store.api import (
    PAGE_LIMIT,
    ROOT,
    Assignment,
    Bulk,
    ChangeResult,
    FirstScreen,
    Found,
    Lookup,
    StatusSetting,
    Workspace,
    cursor_of,
    over_http,
    result_of,
)
from inbox_tui.store.overview import read_counted_page, read_overview
from inbox_tui.store.protocol import Store
from inbox_tui.store.refreshing import Refresh, read_refreshed

AnAgent = Annotated[str | None, QueryParameter(description="Id of an AI agent; absent for all agents.")]
Search = Annotated[str, QueryParameter(description="Words that the conversation holds, at most 12.")]
Limit = Annotated[int, QueryParameter(ge=0, le=PAGE_LIMIT, description="Rows wanted.")]
WithTeam = Annotated[bool, QueryParameter(description="Agents and members are wanted, too.")]
Offset = Annotated[
    int, QueryParameter(ge=-(2**53), le=2**53, description="Row number of the first row; negative counts from the end.")
]
ACursor = Annotated[str | None, QueryParameter(description="A place in the list, as an earlier page gave it: key.tie.")]


def listed_query(
    filter: FromQuery[Filter] = Filter.ALL,
    agent: AnAgent = None,
    search: Search = "",
    order: FromQuery[Order | None] = None,
) -> Query:
    """The list that a request's parameters describe."""
    return Query(filter, None if agent is None else AgentId(agent), search, order)


ListedBy = NamedDependency[Query]


@get("/workspace", opt={"audience": Audience.MEMBER})
async def workspace(caller: MemberOf) -> Workspace:
    """Who is asking, and what the store can do for them."""
    return _workspace(caller)


def _workspace(caller: MemberCaller) -> Workspace:
    return Workspace(__version__, caller.member, over_http(caller.store.capabilities))


@get("/overview", opt={"audience": Audience.MEMBER})
async def overview(caller: MemberOf, listed: ListedBy, limit: Limit = 60, team: WithTeam = True) -> FirstScreen:
    """The workspace, its agents and members, the number in each filter and the first rows of a list, in one answer.

    Without chat access it holds names, times and status, and a search is refused.
    """
    store = caller.store
    if not team:
        page, counts = await read_counted_page(store, listed, PageRequest(limit))
        return FirstScreen(_workspace(caller), counts, page, None, None)
    seen = await read_overview(store, listed, PageRequest(limit))
    return FirstScreen(_workspace(caller), seen.counts, seen.page, seen.agents, seen.members)


@get("/me", opt={"audience": Audience.MEMBER})
async def me(caller: MemberOf) -> Member:
    """The member who is asking, as they are now."""
    return caller.member


@get("/agents", opt={"audience": Audience.MEMBER})
async def agents(caller: MemberOf) -> Sequence[Agent]:
    """All AI agents, by name."""
    return await caller.store.agents()


@get("/counts", opt={"audience": Audience.MEMBER})
async def counts(caller: MemberOf, agent: AnAgent = None) -> Counts:
    """The exact number in each filter."""
    return await caller.store.counts(Scope(None if agent is None else AgentId(agent)))


@get("/conversations", opt={"audience": Audience.MEMBER})
async def conversations(
    caller: MemberOf,
    listed: ListedBy,
    *,
    limit: Limit = 60,
    offset: Offset = 0,
    cursor: ACursor = None,
    direction: FromQuery[Literal["after", "before"]] = "after",
) -> Page:
    """A window into a list: from a row number, or next to a cursor (then the offset is ignored).

    Without chat access it holds names, times and status, and a search is refused.
    """
    request = PageRequest(limit, offset, None if cursor is None else cursor_of(cursor), direction)
    return await caller.store.list(listed, request)


@get("/conversations/{id:str}", opt={"audience": Audience.MEMBER})
async def conversation(caller: MemberOf, id: FromPath[str]) -> Conversation:
    """One conversation, without its messages; without chat access only its name, times and status."""
    return await caller.store.get(conversation_id(id))


@post("/lookup", opt={"audience": Audience.MEMBER}, status_code=200)
async def lookup(caller: MemberOf, data: JSONBody[Lookup]) -> Found:
    """Returns each conversation once; unknown ids are left out.

    An answer has room for the first `looked_up` ids; request the others again. With a `scope` it also returns the
    number in each filter and the newest messages of one conversation, which is all that a screen needs after a write.
    """
    ids, found, looked_up, room = data.ids, list[Conversation](), 0, LOOKUP_ROOM
    counts = opened = None
    if data.scope is not None:
        looked_up = len(ids[: room // MOST_CONVERSATION])
        wanted = Refresh(ids[:looked_up], data.scope, data.thread, data.limit)
        seen = await read_refreshed(caller.store, wanted)
        found, counts, opened = [*seen.conversations], seen.counts, seen.thread
        room -= sum(map(sent_size, found))
    while some := ids[looked_up : looked_up + room // MOST_CONVERSATION]:
        rows = await caller.store.get_many(some)
        found += rows
        looked_up += len(some)
        room -= sum(map(sent_size, rows))
    return Found(found, looked_up, counts, opened)


@get("/conversations/{id:str}/thread", opt={"audience": Audience.CHAT})
async def thread(
    caller: MemberOf,
    id: FromPath[str],
    before: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> Thread:
    """The newest messages, those before one, or those after one, oldest first; `after=` gives the first."""
    earlier, later = (None if place is None else MessageId(place) for place in (before, after))
    return await caller.store.thread(conversation_id(id), earlier, limit, after=later)


@post("/conversations/{id:str}/messages", opt={"audience": Audience.CHAT})
async def reply(request: AnyRequest, caller: MemberOf, id: FromPath[str], data: JSONBody[ReplyDraft]) -> Sent:
    """Send a reply or write a note, once for each key. 409 tells what colleagues replied in the meantime."""
    keep_room(request.scope, sent_size(data) + MOST_CONVERSATION)
    return await caller.store.reply(conversation_id(id), data)


@put("/conversations/{id:str}/assignee", opt={"audience": Audience.CHAT})
async def assign(caller: MemberOf, id: FromPath[str], data: JSONBody[Assignment]) -> Conversation:
    """Give to a member or to nobody. 409 tells who has it now."""
    return await _decided(caller, Assign(conversation_id(id), data.member, data.expected))


@put("/conversations/{id:str}/status", opt={"audience": Audience.CHAT})
async def set_status(caller: MemberOf, id: FromPath[str], data: JSONBody[StatusSetting]) -> Conversation:
    """Resolve or reopen. 409 tells the present state."""
    return await _decided(caller, SetStatus(conversation_id(id), data.status, data.expected))


@post("/bulk", opt={"audience": Audience.CHAT}, status_code=200)
async def bulk(request: AnyRequest, caller: MemberOf, data: JSONBody[Bulk]) -> Sequence[ChangeResult]:
    """Many state changes, each decided on its own; a refusal is in its result, in words and as a problem.

    The results are of the first changes, as many as one answer holds: 4 MiB. Those after them were not done; send them
    again.
    """
    changes, results = data.changes, list[ChangeResult]()
    if any(sent_size(change) > MOST_CHANGE for change in changes):
        raise Rejected("A change names a conversation or a member by an id that is too long.")
    left = min(OUTCOMES_ROOM, len(changes) * MOST_OUTCOME)
    keep_room(request.scope, left)
    while some := changes[len(results) : len(results) + left // MOST_OUTCOME]:
        decided = [_public_result(outcome, caller.store) for outcome in await caller.store.decide(some)]
        results += decided
        left -= sum(map(sent_size, decided))
    return results


async def _decided(caller: MemberCaller, change: StateChange) -> Conversation:
    [outcome] = await caller.store.decide([change])
    return outcome.result()


def _public_result(outcome: Outcome, store: Store) -> ChangeResult:
    """An outcome as clients may know it."""
    if outcome.refusal is None:
        return result_of(outcome)
    return result_of(refused(outcome.change, outcome.before, outside(outcome.refusal, store.name)))


INBOX = Router(
    ROOT,
    route_handlers=[
        workspace,
        overview,
        me,
        agents,
        counts,
        conversations,
        conversation,
        lookup,
        thread,
        reply,
        assign,
        set_status,
        bulk,
    ],
    tags=["inbox"],
)
