"""The inbox on small terminals, and with texts that were written to harm a terminal."""

from __future__ import annotations

import unicodedata

import pytest

from inbox_tui.domain.models import ConversationId, Lead
from inbox_tui.store.protocol import Team
from inbox_tui.tui import messages as m
from tui.terminal import Inbox
from tui.workspace import AGENT, DANA, JONAS, MEMBER, VISITOR, Team4, chat, said

SMALL = [(40, 10), (80, 24)]
HOSTILE = (
    "[bold]loud[/] [/] [@click=app.quit]press me[/]",
    "[[unclosed [red",
    "title \x1b]0;owned\x07 end",
    "clear \x1b[2J\x1b[H gone",
    "c1 \x9b31m and \x90q\x9c",
    "turn \u202egnp.exe\u202c around",
    "isolate \u2066left\u2069 \u200f\u061c",
    "zero\u200bwidth\ufeff and \u00adsoft",
    "zalgo h" + "\u0301" * 60 + "i",
    "wide 漢字テスト 👩‍👩‍👧‍👦🏳️‍🌈 ﷽",
    "lines\r\nand\ttabs\x0b\x0c\x85\u2028\u2029end",
    "nul \x00 del \x7f bell \x07 back \x08\x08\x08",
)
HARMFUL = {"Cc", "Cs", "Zl", "Zp"}
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def require_harmless(inbox: Inbox, width: int) -> None:
    """No strip of any screen holds what a terminal would act on, and each is as wide as the terminal."""
    for screen in inbox.app.screen_stack:
        for strip in screen._compositor.render_strips():
            assert not any(segment.control for segment in strip)
            characters = set(strip.text)
            assert BIDI.isdisjoint(characters), ascii(strip.text)
            assert HARMFUL.isdisjoint(map(unicodedata.category, characters)), ascii(strip.text)
            assert strip.cell_length == width


@pytest.mark.parametrize("size", SMALL)
async def test_list_then_conversation_then_reply_and_back(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        assert "Priya Nair" in inbox.text()
        assert not inbox.context.pane.display
        await inbox.press("enter")
        assert not inbox.context.list.is_on_screen
        assert "flight to Friday" in inbox.text()
        await inbox.press("r")
        assert inbox.is_writing
        await inbox.write("Yes")
        await inbox.press("enter")
        assert len(inbox.heard(m.ReplySent)) == 1
        assert inbox.has_focus(inbox.context.list)
        assert "▌  Team: Yes" in inbox.text()
        await inbox.press("escape", "enter")
        assert "Yes" in inbox.text()
        assert inbox.has_focus(inbox.context.thread)
        await inbox.press("escape")
        assert not inbox.context.pane.display
        assert inbox.has_focus(inbox.context.list)
        assert "Romero" in inbox.text()
        await inbox.press("j")
        assert inbox.here == "luis"


@pytest.mark.parametrize("size", SMALL)
async def test_triage_goes_on_while_reading(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("enter", "e")
        assert inbox.open_one.id == "luis"
        assert "Romero" in inbox.text()
        await inbox.press("n")
        assert inbox.open_one.id in ("wei", "hanna")
        await inbox.press("a")
        require_harmless(inbox, size[0])
        await inbox.press("escape", "question_mark", "escape", "escape")
        assert inbox.has_focus(inbox.context.list)


@pytest.mark.parametrize("size", SMALL)
async def test_a_selection_says_what_can_be_done_with_it(team: Team4, size: tuple[int, int]) -> None:
    async with team.inbox(size=size) as inbox:
        await inbox.press("x", "j", "x")
        assert "2 selected" in inbox.text()
        assert "a assign" in inbox.text()
        await inbox.press("escape")
        assert not inbox.context.list.selected


async def test_a_terminal_that_grows_shows_both_and_keeps_the_text(team: Team4) -> None:
    async with team.inbox(size=(60, 20)) as inbox:
        await inbox.press("enter", "r")
        await inbox.write("half")
        await inbox.pilot.resize_terminal(120, 36)
        await inbox.settled()
        await inbox.write(" done")
        await inbox.settled()
        assert inbox.box.text == "half done"
        assert inbox.context.list.is_on_screen
        assert "half done" in inbox.text()


async def test_harmful_texts_in_every_field_stay_texts(tmp_path_factory: pytest.TempPathFactory) -> None:
    team = Team4(tmp_path_factory.mktemp("hostile"))
    chats = tuple(
        chat(
            f"id-{number}-{text}",
            said(VISITOR, text, number),
            said(AGENT, f"**{text}**\n{text}", number),
            said(MEMBER, text, number, JONAS),
            agent=text,
            lead=Lead(text, text, text, text),
            needs_human=number % 2 == 0,
            assignee=JONAS if number % 3 else "",
            topic=text,
        )
        for number, text in enumerate(HOSTILE)
    )
    await team.build(chats)
    jonas = await team.store(JONAS)
    badge = (await jonas.me()).badge
    assert isinstance(jonas, Team)
    assert badge is not None
    await jonas.save_profile(HOSTILE[0] + HOSTILE[5], badge)
    try:
        for size in [(120, 36), (40, 10)]:
            async with team.inbox(DANA, size=size) as inbox:
                for number in range(len(HOSTILE)):
                    await inbox.press("j")
                    require_harmless(inbox, size[0])
                    if size[0] == 40:
                        await inbox.press("enter")
                        require_harmless(inbox, size[0])
                        await inbox.press("escape")
                    assert number < len(HOSTILE)
                for keys in (("a",), ("A",), ("question_mark",), ("E",), ("comma",)):
                    await inbox.press(*keys)
                    require_harmless(inbox, size[0])
                    await inbox.press("escape")
                await inbox.press("i")
                require_harmless(inbox, size[0])
    finally:
        await team.close()


async def test_a_harmful_draft_is_made_harmless(team: Team4) -> None:
    def drafted(launch: object) -> None:
        from inbox_tui.domain.models import Kind
        from inbox_tui.local.launch import Launch

        assert isinstance(launch, Launch)
        launch.journal.put(
            f"{team.folder / 'team.db'} as {DANA}", ConversationId("priya"), Kind.MESSAGE, "".join(HOSTILE)
        )

    async with team.inbox(opened_by=drafted) as inbox:
        assert "loud" in inbox.box.text
        require_harmless(inbox, 120)
        await inbox.press("r")
        require_harmless(inbox, 120)


async def test_where_it_is_narrow_enter_reads_and_enter_again_writes(team: Team4) -> None:
    async with team.inbox(size=(40, 10)) as inbox:
        await inbox.press("enter", "enter")
        assert inbox.is_writing
        await inbox.write("line one")
        assert inbox.box.text == "line one"
