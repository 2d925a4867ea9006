"""A workspace as an earlier version left it, in a real database, and what bringing it up to date must make of it."""

from __future__ import annotations

from collections.abc import Callable

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Author, Lead
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, C2, ids, intake_of, messages
from inbox_tui.testing.factories import DANA, incoming, minute, said

Execute = Callable[[str], None]
"""Runs a statement in the database, beside the store."""

NEWEST_FIRST = incoming(
    "c-1",
    said("late", 9),
    said("done", 7, Author.MEMBER, member_email=DANA),
    said("again", 6, Author.MEMBER, member_email=DANA),
    said("hi", 1),
    at=9,
)


async def as_it_was_taken_in(store: Store) -> None:
    """Conversations that earlier versions kept otherwise: newest first, and with blanks around what is known."""
    await intake_of(store).ingest(
        [
            NEWEST_FIRST,
            incoming("c-2", lead=Lead("x", "y@mail.example")),
            incoming("c-3", lead=Lead("Eve")),
            *(incoming(f"o-{number}") for number in range(5)),
        ]
    )


def as_it_was_kept(execute: Execute) -> None:
    """What an earlier version made of these: by arrival, and to the letter; a visitor without a name has a lead."""
    said_first = minute(9).timestamp() * 1_000_000
    # The order of arrival turned round: rows swap their numbers by way of negative ones.
    execute("UPDATE conversation SET last_message_id = NULL WHERE public_id = 'c-1'")
    execute("UPDATE message SET id = -id WHERE conversation_id = (SELECT id FROM conversation WHERE public_id = 'c-1')")
    execute("UPDATE message SET id = id + 5 WHERE id < 0")
    execute(
        f"UPDATE conversation SET last_message = 'hi', last_message_author = 'visitor', created_at = {said_first:.0f},"
        f" first_human_reply_at = {minute(7).timestamp() * 1_000_000:.0f}, last_outgoing = 'agent',"
        " last_message_id = (SELECT max(id) FROM message WHERE conversation_id = conversation.id)"
        " WHERE public_id = 'c-1'"
    )
    execute(
        "UPDATE conversation SET lead_name = '\u200b ', lead_email = '\u00a0y@mail.example\n' WHERE public_id = 'c-2'"
    )
    execute("UPDATE conversation SET lead_name = ' \u3164' WHERE public_id = 'c-3'")


async def require_as_today(store: Store) -> None:
    """Threads and rows say what they would if all had come in today; counts are what lists hold."""
    now = await store.get(C1)
    assert [message.body for message in await messages(store)] == ["hi", "again", "done", "late"]
    assert (now.last_message, now.last_message_author, now.last_outgoing) == ("late", Author.VISITOR, Author.MEMBER)
    assert (now.created_at, now.first_human_reply_at) == (minute(1), minute(6))
    assert (await store.get(C2)).lead == Lead("", "y@mail.example")
    assert await ids(store, Query(Filter.HAS_LEAD)) == ["c-2"]
    assert (await store.counts()).has_lead == 1
    taken = await intake_of(store).ingest([NEWEST_FIRST])
    assert (taken.unchanged, taken.messages) == (1, 0)
