"""The windows that the inbox opens: export, settings, help, commands, welcome."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from textual.command import CommandPalette

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Author, ConversationId, IncomingConversation, IncomingMessage
from inbox_tui.domain.times import local
from inbox_tui.local.keymap import DEFAULT_KEYS
from inbox_tui.store.protocol import Intake, Team
from inbox_tui.tui import messages as m
from inbox_tui.tui.dialogs.base import TextField
from inbox_tui.tui.dialogs.export import ExportDialog, Stage
from inbox_tui.tui.dialogs.help import HelpDialog
from inbox_tui.tui.dialogs.profile import ProfileDialog
from inbox_tui.tui.dialogs.settings import SettingsDialog
from inbox_tui.tui.dialogs.welcome import WelcomeDialog
from inbox_tui.tui.inbox.key_help import key_sections
from inbox_tui.tui.inbox.keys import OFFERS
from inbox_tui.tui.inbox.palette import Command, InboxCommands
from inbox_tui.tui.inbox.screen import InboxScreen
from inbox_tui.tui.themes import LIGHT
from tui.terminal import Inbox
from tui.workspace import DANA, JONAS, NOW, Team4

STAMPED = f"all-{local(NOW):%Y-%m-%d-%H%M%S}.csv"


async def name_file(inbox: Inbox, path: Path) -> None:
    """Put a path into the export's field in place of the suggestion."""
    await inbox.press("ctrl+u")
    await inbox.paste(str(path))


def is_exported(inbox: Inbox) -> bool:
    """The dialog says that the file is complete."""
    return isinstance(inbox.top, ExportDialog) and inbox.top.stage is Stage.DONE


async def test_an_export_writes_what_the_filter_holds(team: Team4, tmp_path: Path) -> None:
    async with team.inbox() as inbox:
        await inbox.press("5", "E")
        assert isinstance(inbox.top, ExportDialog)
        assert "3 conversations to a CSV file." in inbox.text(inbox.top)
        await name_file(inbox, tmp_path / "pending.csv")
        await inbox.press("enter")
        await inbox.until(lambda: is_exported(inbox))
        await inbox.settled()
        assert "3 conversations in " in inbox.text(inbox.top)
        await inbox.press("enter")
        assert isinstance(inbox.app.screen, InboxScreen)
        assert "Exported 3 conversations to " in inbox.text()
        rows = list(csv.DictReader((tmp_path / "pending.csv").read_text("utf-8").splitlines()))
        assert [row["conversation_id"] for row in rows] == ["wei", "hanna", "priya"]
        assert rows[2]["lead_phone"] == "'+46 70 123 45 67"


async def test_an_export_that_is_left_writes_nothing(
    team: Team4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    async with team.inbox() as inbox:
        await inbox.press("E")
        assert inbox.top.query_one("#path", TextField).value == str(tmp_path / "here" / STAMPED)
        await inbox.press("escape")
        assert isinstance(inbox.app.screen, InboxScreen)
        assert list((tmp_path / "here").iterdir()) == []


async def test_the_export_of_a_search_holds_what_the_search_found(team: Team4, tmp_path: Path) -> None:
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("charger")
        await inbox.until(lambda: inbox.rows == ["hanna"])
        await inbox.press("enter")
        await inbox.press("E")
        await name_file(inbox, tmp_path / "found.csv")
        await inbox.press("enter")
        await inbox.until(lambda: is_exported(inbox))
        assert len((tmp_path / "found.csv").read_text("utf-8").splitlines()) == 2


async def test_one_enter_exports_even_where_the_name_is_taken(
    team: Team4, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / STAMPED).write_text("older")
    monkeypatch.chdir(tmp_path)
    async with team.inbox() as inbox:
        await inbox.press("E", "enter")
        await inbox.until(lambda: is_exported(inbox))
    assert (tmp_path / STAMPED).read_text() == "older"
    assert (tmp_path / STAMPED.replace(".csv", "-2.csv")).exists()


async def test_the_export_of_a_search_says_how_many_it_writes(team: Team4, tmp_path: Path) -> None:
    store = await team.store()
    assert isinstance(store, Intake)
    message = IncomingMessage(Author.VISITOR, "a word that occurs often", NOW)
    ids = [ConversationId(f"c-{number}") for number in range(600)]
    await store.ingest([IncomingConversation(id, (message,), "Website assistant", NOW) for id in ids])
    async with team.inbox() as inbox:
        await inbox.press("slash")
        await inbox.write("occurs")
        await inbox.until(lambda: "250+ found" in inbox.text())
        await inbox.press("enter", "E")
        await inbox.until(lambda: "600 conversations to a CSV file." in inbox.text(inbox.top))
        await name_file(inbox, tmp_path / "found.csv")
        await inbox.press("enter")
        await inbox.until(lambda: is_exported(inbox))
        assert len((tmp_path / "found.csv").read_text("utf-8").splitlines()) == 601


async def test_a_profile_changed_in_the_settings_is_one_save(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("comma")
        inbox.top.set_focus(inbox.top.query_one("#change-profile"))
        await inbox.press("enter", "end", "x", "enter")
        await inbox.settled()
        await inbox.press("escape")
        assert "Your profile is saved." in inbox.text()
        assert (await inbox.app.screen.context.work.store.me()).name == "Dana Ortizx"  # type: ignore[attr-defined]


async def test_settings_change_the_theme_at_once_and_are_kept(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("comma")
        assert isinstance(inbox.top, SettingsDialog)
        inbox.top.set_focus(inbox.top.query_one("#theme"))
        await inbox.press("right", "enter")
        assert inbox.app.theme == LIGHT.name
        assert team.saved == [{"theme": "light"}]
        await inbox.press("comma", "escape")
        assert team.saved == [{"theme": "light"}]


async def test_auto_assign_can_be_switched_off(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("comma")
        inbox.top.set_focus(inbox.top.query_one("#auto-assign"))
        await inbox.press("right", "enter")
        assert team.saved == [{"auto_assign": False}]
        await inbox.press("r")
        await inbox.write("hello")
        await inbox.press("enter")
        assert inbox.open_one.assignee is None


async def test_help_lists_every_key_once(team: Team4) -> None:
    async with team.inbox() as inbox:
        ids = Counter(key.id for section in key_sections(inbox.screen) for key in section.keys)
        assert ids == Counter(list(DEFAULT_KEYS))
        await inbox.press("question_mark")
        assert isinstance(inbox.top, HelpDialog)
        assert "Next conversation" in inbox.text(inbox.top)
        assert "inbox.down" in inbox.text(inbox.top)
        await inbox.press("escape")
        assert isinstance(inbox.app.screen, InboxScreen)


async def test_the_palette_runs_an_action(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("ctrl+p")
        assert isinstance(inbox.app.screen, CommandPalette)
        await inbox.write("assign to me")
        await inbox.settled()
        await inbox.press("down", "enter")
        await inbox.until(lambda: bool(inbox.heard(m.TriageDone)))
        await inbox.settled()
        assert inbox.open_one.assignee == inbox.context.me


async def test_a_new_empty_inbox_welcomes_and_fills_with_the_sample(tmp_path: Path) -> None:
    team = Team4(tmp_path)
    async with team.inbox("somebody@localhost", is_new=True) as inbox:
        assert isinstance(inbox.top, WelcomeDialog)
        await inbox.press("1")
        await inbox.until(lambda: bool(inbox.heard(m.ConversationsImported)))
        await inbox.until(lambda: bool(inbox.rows))
        await inbox.settled()
        added = inbox.heard(m.ConversationsImported)[0].added
        assert inbox.listing.counts.all == added > 0
        assert f"Imported {added} conversations" in inbox.text()
        assert isinstance(await team.store("somebody@localhost"), Team)
        await inbox.press("r")
        await inbox.write("Hello")
        await inbox.press("enter")
        assert isinstance(inbox.top, ProfileDialog), "the name is asked for when a visitor shall see it"
        await inbox.write("Sam Poe 3")
        await inbox.press("enter", "enter")
        await inbox.until(lambda: bool(inbox.heard(m.ReplySent)))
        await inbox.settled()
        assert (inbox.context.me.name, inbox.context.me.badge is not None) == ("Sam Poe 3", True)
    await team.close()


async def test_a_new_inbox_may_stay_empty(tmp_path: Path) -> None:
    team = Team4(tmp_path)
    async with team.inbox(DANA, is_new=True) as inbox:
        await inbox.press("escape")
        assert "No conversations yet." in inbox.text()
        assert "Nothing selected." in inbox.text()
        for key in ("r", "m", "a", "i", "e", "z", "x", "X", "n", "j", "G", "2"):
            await inbox.press(key)
        assert isinstance(inbox.app.screen, InboxScreen)


@pytest.mark.parametrize("size", [(120, 36), (40, 10)])
async def test_an_empty_inbox_goes_on_offering_ways_to_begin(tmp_path: Path, size: tuple[int, int]) -> None:
    team = Team4(tmp_path)
    async with team.inbox(DANA, size=size) as inbox:
        assert inbox.top is inbox.screen, "it is not new any more"
        for words, _ in OFFERS:
            assert words in inbox.text()
        await inbox.press("enter")
        assert isinstance(inbox.top, WelcomeDialog)
        await inbox.press("escape")
        offered = {command.description: command for command in commands(inbox)}
        assert set(offered) >= {words for words, _ in OFFERS}
        await inbox.app.run_action(offered["Import a file"].action, inbox.screen)
        await inbox.settled()
        assert isinstance(inbox.top, WelcomeDialog)
        await inbox.press("escape")
        await inbox.app.run_action(offered["Load sample conversations"].action, inbox.screen)
        await inbox.until(lambda: bool(inbox.heard(m.ConversationsImported)))
        await inbox.until(lambda: bool(inbox.rows))
        await inbox.settled()
        assert not {words for words, _ in OFFERS} & {command.description for command in commands(inbox)}
    await team.close()


async def test_the_sample_can_be_taken_out_again(tmp_path: Path) -> None:
    team = Team4(tmp_path)
    async with team.inbox(DANA) as inbox:
        assert "Remove the sample" not in {command.description for command in commands(inbox)}
        await inbox.app.run_action("offer('SAMPLE')", inbox.screen)
        await inbox.until(lambda: bool(inbox.rows))
        await inbox.settled()
        [offer] = [command for command in commands(inbox) if command.description == "Remove the sample"]
        await inbox.app.run_action(offer.action, inbox.screen)
        await inbox.press("escape")
        assert inbox.rows
        await inbox.app.run_action(offer.action, inbox.screen)
        await inbox.press("enter")
        await inbox.until(lambda: bool(inbox.heard(m.SampleRemoved)))
        await inbox.settled()
        assert inbox.heard(m.SampleRemoved)[0].removed.conversations == 60
        assert not inbox.rows
        assert "Load sample conversations" in inbox.text()
        assert "The sample is removed: 60 conversations and 5 members" in inbox.text()
        assert "Remove the sample" not in {command.description for command in commands(inbox)}
    await team.close()


async def test_an_empty_list_of_an_inbox_in_use_offers_nothing(team: Team4) -> None:
    async with team.inbox(JONAS, filter=Filter.YOUR_INBOX) as inbox:
        assert "Your inbox is empty." in inbox.text()
        await inbox.press("enter")
        assert inbox.top is inbox.screen


def commands(inbox: Inbox) -> list[Command]:
    """What the palette would offer now."""
    return InboxCommands(inbox.screen).commands()
