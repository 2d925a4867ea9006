"""What a row of the list says."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Badge,
    Color,
    Conversation,
    ConversationId,
    Lead,
    Member,
    MemberId,
    Status,
)
from inbox_tui.tui.presenters.rows import RESOLVED_MARK, WAITING_MARK, RowCells, row_cells

NOW = datetime(2026, 11, 3, 10, 2, tzinfo=UTC)
DANA = Member(MemberId("m-1"), "dana@acme.example", "Dana Ortiz", Badge("DO", Color.BLUE), Access.EDIT)
MAYA = Conversation(
    ConversationId("c-1"),
    Agent(AgentId("a-1"), "Website assistant"),
    NOW - timedelta(days=1),
    NOW - timedelta(hours=2),
    lead=Lead(name="Maya Lindqvist"),
    last_message_author=Author.VISITOR,
    last_message="I need to change my flight",
)
replace = msgspec.structs.replace


def cells(conversation: Conversation, filter: Filter = Filter.ALL, me: MemberId | None = DANA.id) -> RowCells:
    return row_cells(conversation, Query(filter), me, NOW)


def test_a_quiet_conversation_shows_its_age() -> None:
    row = cells(MAYA)
    assert (row.visitor, row.when, row.mark, row.holder) == ("Maya Lindqvist", "2h", "", None)
    assert (row.writer, row.last_line) == ("", "I need to change my flight")


def test_a_waiting_one_says_how_long_and_is_marked() -> None:
    row = cells(replace(MAYA, waiting_since=NOW - timedelta(minutes=12), assignee=DANA))
    assert (row.when, row.short_when, row.mark, row.holder) == ("waiting 12m", "12m", WAITING_MARK, DANA)


def test_a_resolved_one_is_marked() -> None:
    assert cells(replace(MAYA, status=Status.RESOLVED)).mark == RESOLVED_MARK


@pytest.mark.parametrize(
    ("author", "writer"),
    [(Author.AGENT, "AI: "), (Author.MEMBER, "Team: "), (Author.VISITOR, ""), (Author.SYSTEM, ""), (None, "")],
)
def test_the_last_line_says_who_wrote_it_unless_the_visitor(author: Author | None, writer: str) -> None:
    assert cells(replace(MAYA, last_message_author=author)).writer == writer


@pytest.mark.parametrize(
    ("filter", "change", "text"),
    [
        (Filter.UNRESOLVED, {"status": Status.RESOLVED}, "✓ resolved"),
        (Filter.YOUR_INBOX, {"status": Status.RESOLVED, "assignee": DANA}, "✓ resolved"),
        (Filter.YOUR_INBOX, {"assignee": None}, "unassigned"),
        (Filter.YOUR_INBOX, {"assignee": replace(DANA, id=MemberId("m-2"))}, "reassigned"),
        (Filter.RESOLVED, {}, "reopened"),
        (Filter.PENDING, {}, "answered"),
        (Filter.HAS_LEAD, {"lead": Lead()}, "no lead"),
    ],
)
def test_a_row_that_left_the_list_says_what_it_is_now(filter: Filter, change: dict[str, object], text: str) -> None:
    row = cells(replace(MAYA, **change), filter)
    assert row.has_left
    assert row.when == row.short_when == text


def test_before_the_reader_is_known_every_row_belongs() -> None:
    assert not cells(MAYA, Filter.YOUR_INBOX, me=None).has_left


def test_remote_text_is_made_harmless() -> None:
    hostile = replace(MAYA, lead=Lead(name="\x1b[2Jevil\u202e"), last_message="a\x9b31mb\nc [red]d[/]")
    row = cells(hostile)
    assert not {"\x1b", "\u202e", "\x9b", "\n"} & set(row.visitor + row.last_line)
    assert "[red]d[/]" in row.last_line


def test_a_damaged_one_says_what_cannot_be_read_and_which_it_is() -> None:
    row = cells(replace(MAYA, waiting_since=NOW, damage="waiting_since"), Filter.RESOLVED)
    assert (row.visitor, row.when, row.short_when) == ("Maya Lindqvist", "damaged", "damaged")
    assert row.last_line == "c-1: waiting_since cannot be read; 'inbox-tui doctor' says what to do"
    assert row.is_waiting
