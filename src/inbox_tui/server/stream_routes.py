"""What is sent piece by piece: whole lists, CSV, and what others write, as it happens.

A stream ends when the right to it does: with the report that says so, or when its token expires. And
what others write is told only while the store is heard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from inbox_tui.domain import rules
from inbox_tui.domain.errors import Rejected, Unsupported
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, MessageId
from inbox_tui.operations.exporting import csv_parts
from inbox_tui.server.access import AgentDesk, AgentOf, Audience, Bearer, Gate, GateOf, MemberCaller, MemberOf
from inbox_tui.server.inbox_routes import ListedBy
from inbox_tui.store.api import EVENT_STREAM, JSON_LINES, MATCHING_LIMIT, ROOT, MemberReply
from inbox_tui.store.protocol import Scan

HEARTBEAT = 15.0
"""Seconds without news after which a stream says that it lives; proxies cut what is silent for long."""

LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The id of the last event that was received.")
]
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
    caller: MemberOf,
    gate: GateOf,
    listed: ListedBy,
) -> Stream:
    """Every conversation of a list in one consistent view, the last message whole: one JSON object a line."""
    return await _begun(_json_lines(gate, caller.bearer, _scan(caller), listed), JSON_LINES)


@get("/export.csv", opt={"audience": Audience.CHAT, "streams": True}, media_type="text/csv")
async def export(
    caller: MemberOf,
    gate: GateOf,
    listed: ListedBy,
    *,
    raw: FromQuery[bool] = False,
    bom: FromQuery[bool] = False,
) -> Stream:
    """CSV of every conversation of a list (RFC 4180, UTF-8); ``raw`` leaves cells that a spreadsheet would run."""
    rules.require_chat(caller.member)
    return await _begun(_csv(gate, caller.bearer, _scan(caller), listed, raw=raw, bom=bom), "text/csv; charset=utf-8")


@get("/events", opt={"audience": Audience.MEMBER, "streams": True}, media_type=EVENT_STREAM)
async def events(caller: MemberOf, gate: GateOf, last: LastEventId = None) -> Stream:
    """What anybody writes, as server-sent events: each names the conversations that changed since the last."""
    return await _begun(_changes(gate, caller.bearer, _number(last)), EVENT_STREAM)


@get("/agent/replies", opt={"audience": Audience.AGENT, "streams": True}, media_type=EVENT_STREAM)
async def replies(desk: AgentOf, gate: GateOf, last: LastEventId = None) -> Stream:
    """What members write to the agent's visitors, as server-sent events, each message once and in order."""
    # Read before the stream begins: an id that is none of ours is refused, and nothing from now on is missed.
    after = MessageId(last) if last else (await desk.replies(None)).last
    if last:
        await desk.replies(after)
    return await _begun(_replies(gate, desk, after), EVENT_STREAM)


STREAMS = Router(ROOT, route_handlers=[matching, scan, export, events, replies], tags=["streams"])


async def _json_lines(gate: Gate, bearer: Bearer, store: Scan, query: Query) -> AsyncIterator[bytes]:
    encode = msgspec.json.Encoder().encode_lines
    with gate.places.scan():
        async for batch in store.scan(query):
            gate.expiry.require(bearer.token)
            yield encode(batch)


async def _csv(gate: Gate, bearer: Bearer, store: Scan, query: Query, *, raw: bool, bom: bool) -> AsyncIterator[bytes]:
    with gate.places.scan():
        async for part, _ in csv_parts(store, query, raw=raw, bom=bom):
            gate.expiry.require(bearer.token)
            yield part


async def _changes(gate: Gate, bearer: Bearer, since: int | None) -> AsyncIterator[bytes]:
    encode = msgspec.json.encode
    with gate.places.stream(bearer.token.id):  # begins with a report at once: who has the answer's head misses nothing
        async for report in gate.expiry.while_held(bearer.token, gate.hub.listen(since, HEARTBEAT)):
            if (report is None or report.team) and not await gate.still_holds(bearer):
                return
            yield _ALIVE if report is None else b"id: %d\ndata: %b\n\n" % (report.seq, encode(report))


async def _replies(gate: Gate, desk: AgentDesk, after: MessageId) -> AsyncIterator[bytes]:
    with gate.places.stream(desk.bearer.token.id):
        is_first = True
        async for report in gate.expiry.while_held(desk.bearer.token, gate.hub.listen(None, HEARTBEAT)):
            if (report is None or report.team) and not await gate.still_holds(desk.bearer):
                return
            if report is None or is_first:
                yield _ALIVE
            if is_first or (report and (report.conversations or report.reset)):
                is_first = False
                read = await desk.replies(after)
                while True:
                    for id, message in read.replies:
                        written = MemberReply(
                            id,
                            message.id,
                            message.body,
                            message.member.label if message.member else "",
                            message.created_at,
                        )
                        yield b"id: %b\ndata: %b\n\n" % (message.id.encode(), msgspec.json.encode(written))
                    after = read.last
                    if not read.replies or not desk.bearer.token.holds(gate.clock()):
                        break
                    read = await desk.replies(after)


async def _begun(parts: AsyncIterator[bytes], media_type: str) -> Stream:
    """A stream whose first part is there already: what goes wrong before it is still told by a status."""
    first = await anext(parts, b"")

    async def all_parts() -> AsyncIterator[bytes]:
        yield first
        async for part in parts:
            yield part

    return Stream(all_parts(), media_type=media_type, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _scan(caller: MemberCaller) -> Scan:
    if not isinstance(caller.store, Scan) or not caller.store.capabilities.scan:
        raise Unsupported("This store cannot be read whole.")
    return caller.store


def _number(last: str | None) -> int | None:
    if not last:
        return None
    if not (last.isascii() and last.isdecimal() and len(last) < 19):
        raise Rejected("This event id is none that was given out.")
    return int(last)
