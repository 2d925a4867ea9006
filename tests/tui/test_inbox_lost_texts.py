"""A text whose conversation is gone is kept, found in the palette, read whole, and discarded only after a question."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from textual.command import CommandPalette

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.dialogs.lost_texts import LostTextDialog, LostTextsDialog
from inbox_tui.tui.inbox.screen import InboxScreen
from tui.terminal import Inbox
from tui.workspace import DANA, TOM, Team4

SIZES = [(120, 36), (80, 24), (40, 10)]
LONG = "Dear Ana,\n\n" + "\n".join(f"line {number}" for number in range(40)) + "\nthe very end\x1b[31m"


def kept(team: Team4, email: str = DANA) -> dict[str, str]:
    with closing(sqlite3.connect(team.folder / f"unsent-{email}.db")) as file:
        return dict(file.execute("SELECT conversation, body FROM draft"))


async def draft(inbox: Inbox, id: str, body: str, kind: Kind = Kind.MESSAGE) -> None:
    inbox.screen.composing.keep(ConversationId(id), kind, body)
    await inbox.settled()


async def open_texts(inbox: Inbox) -> None:
    """By the palette, as a person does."""
    await inbox.press("ctrl+p")
    assert isinstance(inbox.top, CommandPalette)
    await inbox.write("texts without")
    await inbox.settled()
    await inbox.pilot.press("down", "enter")
    await inbox.until(lambda: isinstance(inbox.top, LostTextsDialog))
    await inbox.settled()


def delete(team: Team4, id: str) -> None:
    """Remove a conversation, as no command does yet."""
    with closing(sqlite3.connect(team.folder / "team.db")) as other, other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute(
            "DELETE FROM message WHERE conversation_id = (SELECT id FROM conversation WHERE public_id = ?)", (id,)
        )
        other.execute("DELETE FROM conversation WHERE public_id = ?", (id,))


@pytest.mark.parametrize("size", SIZES)
async def test_a_text_for_a_conversation_that_is_gone_is_said_and_found(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("r")
        await inbox.write("I moved you to Friday")
        delete(team, "priya")
        await inbox.press("enter")
        assert inbox.context.status.message == (
            "The conversation is gone; your text is kept: ctrl+p, Texts without a conversation."
        )
        await inbox.press("escape", "escape")
        await open_texts(inbox)
        assert "reply for priya: I moved" in inbox.text(inbox.top)
        await inbox.press("enter")
        assert isinstance(inbox.top, LostTextDialog)
        assert "I moved you to Friday" in inbox.text(inbox.top)
    assert kept(team) == {"priya": "I moved you to Friday"}


@pytest.mark.parametrize("size", SIZES)
async def test_a_text_is_read_whole_and_discarded_only_after_a_question(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await draft(inbox, "ana", LONG)
        await draft(inbox, "bo", "call him back", Kind.NOTE)
        await draft(inbox, "priya", "of a conversation that there is")
        await open_texts(inbox)
        shown = inbox.text(inbox.top)
        assert "reply for ana: Dear Ana," in shown and "note for bo: call" in shown
        assert "for priya" not in shown
        await inbox.press("enter")
        shown = inbox.text(inbox.top)
        assert "conversation ana" in shown and "Dear Ana," in shown
        await inbox.press(*["pagedown"] * 20)
        shown = inbox.text(inbox.top)
        assert "the very end" in shown and "\x1b" not in shown
        await inbox.press("d")
        assert isinstance(inbox.top, ConfirmDialog)
        await inbox.press("escape")
        assert isinstance(inbox.top, LostTextsDialog), "kept, and back at the list"
        await inbox.press("enter", "d", "enter")
        assert isinstance(inbox.top, LostTextsDialog)
        assert "for ana" not in inbox.text(inbox.top)
        await inbox.press("down", "down", "escape")
        assert isinstance(inbox.top, InboxScreen)
    assert set(kept(team)) == {"bo", "priya"}


async def test_the_mouse_does_the_same(team: Team4) -> None:
    async with team.inbox(size=(80, 24)) as inbox:
        await draft(inbox, "ana", "Dear Ana")
        await draft(inbox, "bo", "Dear Bo")
        await open_texts(inbox)
        await inbox.pilot.click("OptionList", offset=(2, 1))
        await inbox.settled()
        assert isinstance(inbox.top, LostTextDialog)
        assert "Dear Bo" in inbox.text(inbox.top)
        choices = {choice.label: choice for choice in inbox.top.query("Choice")}  # type: ignore[attr-defined]
        await inbox.pilot.click(choices["Discard …"])
        await inbox.settled()
        assert isinstance(inbox.top, ConfirmDialog)
        await inbox.pilot.click(next(iter(inbox.top.query("Choice"))))
        await inbox.settled()
        assert "ana" in inbox.text(inbox.top) and "Dear Bo" not in inbox.text(inbox.top)
    assert set(kept(team)) == {"ana"}


async def test_there_is_none(team: Team4) -> None:
    async with team.inbox(size=(80, 24)) as inbox:
        await draft(inbox, "priya", "of a conversation that there is")
        await open_texts(inbox)
        assert "There is none" in inbox.text(inbox.top)
        await inbox.press("enter")
        assert isinstance(inbox.top, InboxScreen)


async def test_a_conversation_that_is_back_is_opened(team: Team4) -> None:
    async with team.inbox(size=(80, 24)) as inbox:
        await draft(inbox, "ana", "Dear Ana")
        await open_texts(inbox)
        await inbox.press("enter", "o")
        assert "does not exist" in inbox.context.status.message
        await open_texts(inbox)
        await inbox.press("enter")
        with closing(sqlite3.connect(team.folder / "team.db")) as other, other:
            other.execute("UPDATE conversation SET public_id = 'ana' WHERE public_id = 'hanna'")
        await inbox.press("o")
        await inbox.until(lambda: inbox.here == "ana")
        assert inbox.box.text == "Dear Ana"


async def test_who_may_not_write_any_more_finds_all_their_texts(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        await draft(inbox, "priya", "Before my access was taken")
        await open_texts(inbox)
        assert "reply for priya: Before my access" in inbox.text(inbox.top)
