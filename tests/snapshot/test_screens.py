"""What the screens look like: pictures that a person has looked at, and that must not change unseen.

After a change that is meant: pytest tests/snapshot --snapshot-update, and look at each picture that changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion

from inbox_tui.backends.sqlite.store import SqliteStore
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Access, ConversationId
from inbox_tui.operations.sample import as_said_here
from inbox_tui.store.protocol import Team
from inbox_tui.testing.deciding import assign
from inbox_tui.tui import messages as m
from tui.terminal import Inbox
from tui.workspace import AGENT, DANA, JONAS, MAYA, TOM, VISITOR, WIDE, Team4, chat, reply_as, said

NEW = "new@acme.example"
LONG = chat(
    "long",
    said(VISITOR, "My order 4711 has two parcels, and only one of them came. 漢字 too?", 1450),
    said(
        AGENT, "I see both parcels left the warehouse.\n\nThe second one is:\n- with the carrier\n- due on Friday", 1449
    ),
    said(VISITOR, "It is Friday. I would like to talk to somebody, please; " + "this is the third time " * 4, 8),
    needs_human=True,
    topic="Missing parcel",
)

Looks = Callable[[Inbox], Awaitable[None]]
"""Compares what a terminal shows with the picture that is kept."""


@pytest.fixture(autouse=True)
def same_name_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store shows where it lies, and that is elsewhere in each run."""
    monkeypatch.setattr(SqliteStore, "name", "/srv/acme/inbox.db")


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> Callable[[Inbox], Awaitable[None]]:
    kept = snapshot.use_extension(SVGImageExtension)

    async def compare(inbox: Inbox) -> None:
        await inbox.settled()
        assert inbox.app.export_screenshot(title="inbox-tui", simplify=True) == kept

    return compare


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_list_and_thread(team: Team4, picture: Looks, theme: str) -> None:
    team.settings = msgspec.convert({"theme": theme}, type(team.settings))
    dana = await team.store()
    await reply_as(await team.store(MAYA), "otto", "The second page is the one you need.")
    await reply_as(dana, "hanna", "We send the small one today.")
    async with team.inbox() as inbox:
        await inbox.press("r")
        await inbox.write("Let me look at Friday")
        await inbox.press("escape")
        await inbox.go_to("hanna")
        await inbox.press("m")
        await inbox.write("Charger is back in stock")
        await inbox.press("enter")
        await inbox.press("escape")
        await inbox.press("r")
        await inbox.write("Anything else?")
        await picture(inbox)


async def test_a_long_thread(team: Team4, picture: Looks) -> None:
    dana = await team.store()
    await dana.ingest([as_said_here(LONG)])  # type: ignore[attr-defined]  # SQLite takes conversations in
    async with team.inbox() as inbox:
        await picture(inbox)


@pytest.mark.parametrize("size", [(80, 24), (40, 10)], ids=["80x24", "40x10"])
async def test_narrow_list(team: Team4, picture: Looks, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("j")
        await picture(inbox)


@pytest.mark.parametrize("size", [(80, 24), (40, 10)], ids=["80x24", "40x10"])
async def test_narrow_conversation(team: Team4, picture: Looks, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("enter", "r")
        await inbox.write("Friday is fine")
        await picture(inbox)


async def test_empty_inbox(tmp_path: Path, picture: Looks) -> None:
    async with Team4(tmp_path).inbox() as inbox:
        await picture(inbox)


async def test_welcome(tmp_path: Path, picture: Looks) -> None:
    async with Team4(tmp_path).inbox(is_new=True) as inbox:
        await picture(inbox)


async def test_a_filter_with_nothing_in_it(team: Team4, picture: Looks) -> None:
    async with team.inbox(JONAS, filter=Filter.YOUR_INBOX) as inbox:
        await picture(inbox)


async def test_search_with_what_it_found(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("charger")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await picture(inbox)


async def test_assign_menu(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.go_to("otto")
        await inbox.press("a", "down")
        await picture(inbox)


async def test_profile_prompt(team: Team4, picture: Looks) -> None:
    dana = await team.store()
    assert isinstance(dana, Team)
    await dana.add_member(NEW, "", Access.EDIT)
    async with team.inbox(NEW) as inbox:
        await inbox.press("r")
        await inbox.write("Hello")
        await inbox.press("enter")
        await inbox.write("Nora Falk")
        await picture(inbox)


async def test_no_access(team: Team4, picture: Looks) -> None:
    async with team.inbox(TOM) as inbox:
        await picture(inbox)


@pytest.mark.parametrize("size", [WIDE, (40, 10)], ids=["120x36", "40x10"])
async def test_help(team: Team4, picture: Looks, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("question_mark")
        await picture(inbox)


async def test_settings(team: Team4, picture: Looks) -> None:
    team.config_file = Path("config.toml")
    async with team.inbox() as inbox:
        await inbox.press("comma")
        await picture(inbox)


async def test_export(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.press("E", "ctrl+u")
        await inbox.write("pending.csv")
        await picture(inbox)


async def test_agent_menu(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.press("A")
        await picture(inbox)


async def test_conflict(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r")
        await inbox.write("Friday is fine")
        await reply_as(await team.store(JONAS), "priya", "I am on it, Priya.")
        await inbox.until(lambda: "I am on it, Priya." in inbox.thread)
        await inbox.press("enter")
        await picture(inbox)


async def test_a_refusal_in_the_status_line(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        jonas = await team.store(JONAS)
        inbox.screen.workers.cancel_group(inbox.screen, "follow")  # the news is to come after the key
        await assign(jonas, ConversationId("priya"), (await jonas.me()).id, None)
        inbox.screen.action_take()
        await inbox.until(lambda: inbox.context.status.is_problem)
        inbox.screen.post_message(m.ChangesSeen(Written(ChangeId("1"), (ConversationId("priya"),))))
        await picture(inbox)


async def test_selection(team: Team4, picture: Looks) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x", "j", "j", "x")
        await picture(inbox)


async def test_the_question_before_many(team: Team4, picture: Looks) -> None:
    async with team.inbox(DANA) as inbox:
        await inbox.press("X", "e")
        await picture(inbox)
