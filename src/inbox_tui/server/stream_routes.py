"""What is sent piece by piece: whole lists, CSV, and what others write, as it happens.

A stream ends when the right to it does: with the report that says so, or when its token expires. And
what others write is told only while the store is heard.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ChangeId
from inbox_tui.domain.errors import Rejected, Unsupported
from inbox_tui.domain.filters import Query
from inbox_tui.domain.fingerprints import read_id
from inbox_tui.domain.models import Conversation
from inbox_tui.domain.replies import HeardId, heard_id
from inbox_tui.operations.exporting import csv_parts
from inbox_tui.server.access import (
    AgentApi,
    AgentOf,
    AnyRequest,
    Audience,
    Bearer,
    ContextOf,
    MemberCaller,
    MemberOf,
    ServerContext,
    bearer_of,
    context_of,
)
from inbox_tui.server.attendance import attendance_of
from inbox_tui.server.inbox_routes import ListedBy
from inbox_tui.store.api import EVENT_STREAM, JSON_LINES, MATCHING_LIMIT, ROOT, MemberReply, RepliesReset
from inbox_tui.store.protocol import Scan

HEARTBEAT = 15.0
"""Seconds without news after which a stream says that it lives; proxies cut what is silent for long."""

LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The id of the last event that was received.")
]
_ROWS = 200
"""Rows of an export that are encoded without a pause."""
PIECE = 16 * 1024
"""Bytes of an event that are handed over at once: a client that reads slowly has no more of them waiting for it."""
_ALIVE = b": alive\n"
"""A comment, without a blank line behind it: some clients make an event of any blank line."""


@get("/matching", opt={"audience": Audience.CHAT})
async def matching(
    caller: MemberOf,
    listed: ListedBy,
    *,
    limit: Annotated[int, QueryParameter(ge=0, le=MATCHING_LIMIT)] = 1_000,
) -> Sequence[Conversation]:
    """The first conversations of a list: what "select all" selects."""
    return await _scan(caller).matching(listed, limit)


@get("/scan", opt={"audience": Audience.CHAT, "streams": True}, media_type=JSON_LINES)
async def scan(
    request: AnyRequest,
    caller: MemberOf,
    context: ContextOf,
    listed: ListedBy,
) -> Stream:
    """Every conversation of a list in one consistent view, the last message whole: one JSON object a line."""
    return await _begun(request, _exported(context, caller.bearer, _json_lines(_scan(caller), listed)), JSON_LINES)


@get("/export.csv", opt={"audience": Audience.CHAT, "streams": True}, media_type="text/csv")
async def export(
    request: AnyRequest,
    caller: MemberOf,
    context: ContextOf,
    listed: ListedBy,
    *,
    raw: FromQuery[bool] = False,
    bom: FromQuery[bool] = False,
) -> Stream:
    """CSV of every conversation of a list (RFC 4180, UTF-8); ``raw`` leaves cells that a spreadsheet would run."""
    rules.require_chat(caller.member)
    parts = _csv(_scan(caller), listed, raw=raw, bom=bom)
    return await _begun(request, _exported(context, caller.bearer, parts), "text/csv; charset=utf-8")


@get("/events", opt={"audience": Audience.MEMBER, "streams": True}, media_type=EVENT_STREAM)
async def events(request: AnyRequest, caller: MemberOf, context: ContextOf, last: LastEventId = None) -> Stream:
    """What anybody writes, as server-sent events: each names the conversations that changed since the last.

    With `reset`, read everything again: too much was missed, or the store was restored from an older backup. These
    events have no name; ignore any that have one, as later versions may tell other things by them.
    """
    return await _begun(request, _changes(context, caller.bearer, _change(last)), EVENT_STREAM)


@get("/agent/replies", opt={"audience": Audience.AGENT, "streams": True}, media_type=EVENT_STREAM)
async def replies(request: AnyRequest, api: AgentOf, context: ContextOf, last: LastEventId = None) -> Stream:
    """What members write to the agent's visitors, as server-sent events, each message once and in order.

    Where the store was restored from a backup that is older than the last event, an event `reset` comes first; then
    come all replies that were written after that event.
    """
    # Read before the stream begins: an id that is none of ours is refused, and nothing from now on is missed.
    after = HeardId(last) if last else (await api.replies(None)).last
    if last:
        await api.replies(after)
    return await _begun(request, _replies(context, api, after), EVENT_STREAM)


STREAMS = Router(ROOT, route_handlers=[matching, scan, export, events, replies], tags=["streams"])


async def _exported(context: ServerContext, bearer: Bearer, parts: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """What is read from the store at once, as the client takes it."""
    with context.places.scan(bearer.token.id) as is_read:
        async with aclosing(context.spools.wrap(parts, is_read)) as pieces:
            async for piece in pieces:
                context.expiry.require(bearer.token)
                yield piece


async def _json_lines(store: Scan, query: Query) -> AsyncGenerator[bytes]:
    encode = msgspec.json.Encoder().encode_lines
    async for batch in store.scan(query, _ROWS):
        yield encode(batch)


async def _csv(store: Scan, query: Query, *, raw: bool, bom: bool) -> AsyncGenerator[bytes]:
    async for part, _ in csv_parts(store, query, raw=raw, bom=bom, batch=_ROWS):
        yield part


async def _changes(context: ServerContext, bearer: Bearer, since: ChangeId | None) -> AsyncGenerator[bytes]:
    encode = msgspec.json.encode
    with context.places.stream(
        bearer.token.id
    ):  # begins with a report at once: who has the answer's head misses nothing
        async for report in context.expiry.while_held(bearer.token, context.hub.listen(since, HEARTBEAT)):
            if (report is None or report.team) and not await context.still_holds(bearer):
                return
            event = _ALIVE if report is None else b"id: %b\ndata: %b\n\n" % (report.id.encode(), encode(report))
            del report  # a stream holds what it is sending, in one form, and nothing while it waits
            for piece in _pieces(event):
                yield piece
            del event


async def _replies(context: ServerContext, api: AgentApi, after: HeardId) -> AsyncGenerator[bytes]:
    with context.places.stream(api.bearer.token.id):
        is_first = True
        async for report in context.expiry.while_held(api.bearer.token, context.hub.listen(None, HEARTBEAT)):
            if (report is None or report.team) and not await context.still_holds(api.bearer):
                return
            if report is None or is_first:
                yield _ALIVE
            if is_first or (report and (report.conversations or report.reset)):
                is_first = False
                read = await api.replies(after)
                while True:
                    if read.reset:  # without an id: until a reply is heard, the next stream begins like this one
                        yield b"event: reset\ndata: %b\n\n" % msgspec.json.encode(RepliesReset(read.since))
                    for id, message in read.replies:
                        place = heard_id(message.id, message.created_at)
                        told = msgspec.json.encode(MemberReply.of(id, message))
                        for piece in _pieces(b"id: %b\ndata: %b\n\n" % (place.encode(), told)):
                            yield piece
                    after = read.last
                    if not read.replies or not api.bearer.token.holds(context.clock()):
                        break
                    read = await api.replies(after)


def _pieces(event: bytes) -> Iterator[bytes]:
    return (event[start : start + PIECE] for start in range(0, len(event), PIECE))


async def _begun(request: AnyRequest, parts: AsyncGenerator[bytes], media_type: str) -> Stream:
    """A stream whose first part is there already: what goes wrong before it is still told by a status.

    It is closed when the request ends, and gives back what it holds.
    """
    attendance_of(request.scope).held.push_async_callback(parts.aclose)
    bearer = bearer_of(request.scope)
    assert bearer is not None  # no stream is for anybody
    async with context_of(request.scope).turns.turn(bearer.token.id):
        first = [await anext(parts, b"")]

    async def all_parts() -> AsyncIterator[bytes]:
        yield first.pop()  # and hold it no longer
        async for part in parts:
            yield part

    return Stream(all_parts(), media_type=media_type, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _scan(caller: MemberCaller) -> Scan:
    if not isinstance(caller.store, Scan) or not caller.store.capabilities.scan:
        raise Unsupported("This store cannot be read whole.")
    return caller.store


def _change(last: str | None) -> ChangeId | None:
    if not last:
        return None
    if read_id(last) is None:
        raise Rejected("This event id was never given out.", hint="Send the id of the last event that you received.")
    return ChangeId(last)
