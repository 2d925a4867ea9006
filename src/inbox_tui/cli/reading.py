"""``list`` and ``show``: looking without a screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import islice

import click

from inbox_tui.cli.columns import Column, aligned
from inbox_tui.cli.damage import Damaged
from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import id_shown, is_terminal, say, terminal_width, write_json, write_lines
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import Author, Conversation, ConversationId, Kind, Member, Message, Status
from inbox_tui.domain.text import clean_line, clean_name, clean_whole
from inbox_tui.domain.times import clock_time, local
from inbox_tui.domain.words import NO_WORDS, has_words
from inbox_tui.operations.html_bodies import readable, readable_preview
from inbox_tui.operations.importers import importers
from inbox_tui.operations.naming import agent_named
from inbox_tui.operations.pages import pages
from inbox_tui.operations.records import iso_time, record
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import utc_now

PAGE = 500
LIMIT = 50
_COLUMNS = (
    Column("ID", 0, 0, is_whole=True),
    Column("STATUS", 8, 8),
    Column("ACTIVITY", 8, 10),
    Column("ASSIGNEE", 6, 20),
    Column("VISITOR", 8, 24),
    Column("LAST MESSAGE", 20, 200),
)


@command("list")
@click.option(
    "--filter",
    "filter_name",
    type=click.Choice([filter.value for filter in Filter]),
    default="all",
    help="Filter to list.",
)
@click.option("--search", default="", metavar="WORDS", help="Only those in which all words occur.")
@click.option("--agent", "agent_name", metavar="NAME", help="Only this agent's.")
@click.option("--order", type=click.Choice([order.value for order in Order]), help="Override the sort order.")
@click.option("--limit", type=click.IntRange(min=0), default=LIMIT, show_default=True, help="Maximum rows; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, its keys the CSV columns.")
@click.pass_obj
def list_conversations(
    session: CommandSession,
    *,
    filter_name: str,
    search: str,
    agent_name: str | None,
    order: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Print conversations, a line each.

    On a terminal as columns, otherwise as fields between tabs: id, status, last
    activity, assignee, visitor, last message.
    """

    async def work() -> None:
        async with session.store(must_exist=True) as store:
            agent = (await agent_named(store, agent_name)).id if agent_name else None
            query = Query(Filter(filter_name), agent, search, Order(order) if order else None)
            if order is None:
                query = store.capabilities.with_order(query)
            await print_list(store, query, limit, as_json=as_json)

    run_async(work())


async def print_list(store: Store, query: Query, limit: int, *, as_json: bool = False) -> None:
    """Print what a query finds; says on stderr if that is not all."""
    printed = altered = 0
    now = utc_now()
    damaged = Damaged()
    async for rows in pages(store, query, PAGE, limit or None):
        if as_json:
            write_json(record(row) for row in rows)
        elif is_terminal():
            lines = aligned(
                _COLUMNS, [_cells(row, short_time(row.last_activity_at, now)) for row in rows], terminal_width()
            )
            write_lines(islice(lines, 1 if printed else 0, None))
        else:
            write_lines("\t".join(_cells(row, iso_time(row.last_activity_at))) for row in rows)
        damaged.note(rows)
        altered += sum(id_shown(row.id) != row.id for row in rows)
        printed += len(rows)
    if printed and printed == limit and not query.search:
        total = (await store.counts(query.scope)).of(query.filter)
        if total is None:
            say(f"{printed:,} printed; --limit 0 prints all.")
        elif total > printed:
            say(f"{printed:,} of {total:,}; --limit 0 prints all.")
    if altered and not as_json:
        say(f"{counted(altered, 'id has', 'ids have')} characters that cannot be shown; see list --json.")
    if query.search.strip() and not has_words(query.search):
        say(NO_WORDS)
    damaged.tell()


def _cells(row: Conversation, activity: str | None) -> list[str]:
    status = (
        "damaged" if row.damage else "waiting" if row.waiting_since and row.status is Status.OPEN else row.status.value
    )
    return [
        id_shown(row.id),
        status,
        activity or "",
        clean_name(row.assignee.label) if row.assignee else "",
        clean_name(row.visitor),
        clean_line(readable_preview(row.last_message)),
    ]


@command("show")
@click.argument("id", metavar="ID")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the CSV columns, and the messages as 'thread'.")
@click.pass_obj
def show(session: CommandSession, id: str, last: int | None, as_json: bool) -> None:
    """Print a conversation with all its messages, or the last ones."""

    async def work() -> None:
        async with session.store(must_exist=True) as store:
            conversation, messages = await _thread(store, ConversationId(id), last)
            damaged = Damaged()
            damaged.note([conversation])
            damaged.tell()
            if as_json:
                write_json([{**record(conversation), "thread": [_message_record(message) for message in messages]}])
            else:
                write_lines(_head(conversation))
                for message, importer in zip(messages, importers(messages), strict=True):
                    write_lines(_entry(message, conversation, importer))

    run_async(work())


async def _thread(store: Store, id: ConversationId, last: int | None) -> tuple[Conversation, list[Message]]:
    """The conversation with its ``last`` messages, or with all."""
    earlier = thread = await store.thread(id, limit=min(last or PAGE, PAGE))
    messages = list(thread.messages)
    while earlier.has_earlier and earlier.messages and (last is None or len(messages) < last):
        size = PAGE if last is None else min(PAGE, last - len(messages))
        earlier = await store.thread(id, before=earlier.messages[0].id, limit=size)
        messages[:0] = earlier.messages
    return thread.conversation, messages


def _message_record(message: Message) -> dict[str, str | None]:
    return {
        "id": message.id,
        "author": message.author.value,
        "member": message.member.email if message.member else None,
        "kind": message.kind.value,
        "body": message.body,
        "created_at": None if "created_at" in message.damage else iso_time(message.created_at),
        "imported_by": message.imported_by.email if message.imported_by else None,
    }


def _head(conversation: Conversation) -> Iterator[str]:
    lead = conversation.lead
    yield clean_name(conversation.visitor)
    known = [lead.email, lead.phone, lead.company]
    if any(known):
        yield " · ".join(clean_name(part) for part in known if part)
    if conversation.topic:
        yield clean_line(conversation.topic)
    state = [clean_name(conversation.agent.name), conversation.status.value]
    state.append(f"assigned to {clean_name(conversation.assignee.label)}" if conversation.assignee else "unassigned")
    if conversation.waiting_since:
        state.append(f"waiting since {_local(conversation.waiting_since)}")
    yield " · ".join(state)


def _entry(message: Message, conversation: Conversation, importer: Member | None) -> Iterator[str]:
    at = "damaged" if message.damage else _local(message.created_at)
    yield ""
    if importer is not None:
        yield f"Imported by {clean_name(importer.label)}"
    if message.kind is Kind.EVENT:
        yield f"── {clean_line(message.body)} · {at} ──"
        return
    yield f"{_author(message, conversation)} · {at}"
    for line in clean_whole(readable(message.body)).split("\n"):
        yield f"    {line}".rstrip()


def _author(message: Message, conversation: Conversation) -> str:
    if message.author is Author.VISITOR:
        return clean_name(conversation.visitor)
    if message.author is Author.AGENT:
        return f"{clean_name(conversation.agent.name)} (AI)"
    name = clean_name(message.member.label) if message.member else "A member"
    return f"{name} (note)" if message.kind is Kind.NOTE else name


def _local(at: datetime) -> str:
    """A time where the reader is."""
    return f"{local(at):%Y-%m-%d} {clock_time(at)}"


def short_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """A time where the reader is, as short as it can be: ``14:02``, ``01:30 CET``, ``3 Nov``, ``2025-11-03``.

    Args:
        at: The time.
        now: The present.
        zone: The reader's time zone; None is that of this machine. Not an offset: a day can have two.
    """
    here, today = local(at, zone), local(now, zone)
    if here.date() == today.date():
        return clock_time(at, zone)
    return f"{here.day} {here:%b}" if here.year == today.year else f"{here:%Y-%m-%d}"
