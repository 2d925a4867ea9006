"""An answer of which one value cannot be read is read as far as it can be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from inbox_tui.backends.http.answers import decoded
from inbox_tui.domain.errors import StoreBroken
from inbox_tui.domain.filters import Query
from inbox_tui.domain.limits import EARLIEST
from inbox_tui.domain.models import Agent, AgentId, Author, Conversation, Status, Thread
from inbox_tui.domain.paging import Cursor, Page
from inbox_tui.testing.factories import MORNING, message, record

ROW = record(agent=Agent(AgentId("1"), "Website assistant"), waiting_since=MORNING)
WRONG: dict[str, Any] = {
    "waiting_since": "0001-01-01T00:00:00+99:00",
    "created_at": "12345-01-01T00:00:00Z",
    "last_activity_at": None,
    "status": "postponed",
    "agent": {"id": 7},
    "assignee": {"id": "1", "email": "a@b.example", "access": "emperor"},
    "messages": "many",
    "last_message": 7,
}
"""Values that a server of another version, or a broken one, might send."""


def raw(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_cannot_be_read_hides_no_other(name: str) -> None:
    page = raw(Page(Query(), (ROW, ROW, ROW), Cursor(1, 1), Cursor(3, 3)))
    page["rows"][1][name] = WRONG[name]
    rows = decoded(msgspec.json.encode(page), Page, "inbox.example").rows
    assert rows[0] == rows[2] == ROW
    assert (rows[1].id, rows[1].damage) == (ROW.id, name)
    assert decoded(msgspec.json.encode(page["rows"][1]), Conversation, "inbox.example") == rows[1]
    assert decoded(msgspec.json.encode(page["rows"]), list[Conversation], "inbox.example") == list(rows)


def test_who_waits_goes_on_waiting() -> None:
    row = raw(ROW)
    row["waiting_since"] = WRONG["waiting_since"]
    assert decoded(msgspec.json.encode(row), Conversation, "inbox.example").waiting_since == EARLIEST


def test_a_message_that_cannot_be_read_hides_no_other() -> None:
    thread = raw(Thread(ROW, (message(), message(Author.AGENT, "b", id="2")), has_earlier=True))
    thread["messages"][0]["created_at"] = "0001-01-01T00:00:00+99:00"
    read = decoded(msgspec.json.encode(thread), Thread, "inbox.example")
    assert [found.damage for found in read.messages] == ["created_at", ""]
    assert (read.messages[0].body, read.has_earlier, read.conversation.status) == ("Hello", True, Status.OPEN)


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b'{"rows": 7}', b"{", b'{"rows": [7]}', b"[" * 100_000])
@pytest.mark.parametrize("answer", [Page, Thread, Conversation])
def test_what_is_no_answer_of_ours_is_said_to_be_none(content: bytes, answer: type[object]) -> None:
    with pytest.raises(StoreBroken, match=r"inbox\.example"):
        decoded(content, answer, "inbox.example")
