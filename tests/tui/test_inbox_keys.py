"""What the screen says of its keys: those in force, where they matter."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from inbox_tui.domain.text import clean_line
from inbox_tui.local.keymap import keymap
from inbox_tui.tui.presenters.last_line import MARK_WIDTH, MAX_LINES, last_line
from tui.workspace import DANA, TOM, Team4

OTHER_KEYS = {
    "inbox.reply": "w",
    "inbox.resolve": "f2",
    "inbox.help": "h",
    "reply.send": "ctrl+s",
    "reply.newline": "enter",
    "app.commands": "ctrl+k",
}


async def test_the_last_line_says_what_matters_in_the_list(team: Team4) -> None:
    async with team.inbox() as inbox:
        assert inbox.lines[-1].split("  ")[:3] == [" LIST", "r reply", "a assign"]
        assert inbox.lines[-1].rstrip().endswith("ctrl+p commands  ? help")


async def test_who_may_not_chat_is_offered_nothing_that_needs_it(team: Team4) -> None:
    async with team.inbox(TOM) as inbox:
        assert inbox.lines[-1].split() == ["LIST", "n", "next", "waiting", "ctrl+p", "commands", "?", "help"]


async def test_in_the_reply_box_letters_are_no_keys(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("r")
        assert inbox.lines[-1].startswith(" REPLY  enter send  ctrl+r send and resolve")
        assert inbox.lines[-1].rstrip().endswith("$EDITOR  esc back")
        await inbox.press("escape")
        assert inbox.lines[-1].startswith(" LIST  r reply")


async def test_a_note_is_written_not_sent(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("m")
        assert inbox.lines[-1].startswith(" NOTE  enter write  ctrl+r write and resolve  ctrl+n note or reply")
        assert "─ Enter writes it" in inbox.text()


async def test_the_way_out_of_the_box_is_named_on_the_smallest_terminal(team: Team4) -> None:
    async with team.inbox(size=(40, 10)) as inbox:
        await inbox.press("enter", "r")
        assert inbox.lines[-1].rstrip().endswith("esc back")


async def test_in_the_search_field_too(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("/")
        assert inbox.lines[-1].strip() == "SEARCH  enter to the list  esc clear the search"
        await inbox.press("enter")
        assert inbox.lines[-1].startswith(" LIST  r reply")


async def test_a_selection_says_how_many_and_what_can_be_done(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("x")
        hints = " LIST  1 selected  a assign  e resolve / reopen  X all that match  esc clear"
        assert inbox.lines[-1].startswith(hints)


async def test_keys_of_ones_own_are_the_ones_named(team: Team4) -> None:
    async with team.inbox(DANA, keys=OTHER_KEYS) as inbox:
        assert inbox.lines[-1].startswith(" LIST  w reply  a assign  i take  f2 resolve")
        assert inbox.lines[-1].rstrip().endswith("ctrl+k commands  h help")
        assert "Ctrl+S sends · Enter new line" in inbox.text()
        await inbox.press("w")
        assert inbox.lines[-1].startswith(" REPLY  ctrl+s send  ctrl+r send and resolve")
        await inbox.press("escape", "h")
        assert "w            Write a reply" in inbox.text(inbox.top)
        await inbox.press("pagedown")
        assert "ctrl+s       Send" in inbox.text(inbox.top)


async def test_the_search_field_stands_between_its_sign_and_what_it_found(team: Team4) -> None:
    async with team.inbox() as inbox:
        await inbox.press("/", *"flight")
        await inbox.until(lambda: inbox.context.header.found != "")
        await inbox.settled()
        line = inbox.lines[2]
        assert line.startswith(" ⌕ flight ")
        assert f"  {inbox.context.header.found} " in line


async def test_a_key_that_is_switched_off_does_nothing_and_is_not_offered(team: Team4) -> None:
    keys = keymap({"inbox.resolve": [], "inbox.undo": [], "inbox.reply": "e"}, Path("c.toml"))
    async with team.inbox(DANA, keys=keys) as inbox:
        assert inbox.lines[-1].startswith(" LIST  e reply  a assign  i take  n next waiting")
        await inbox.press("z", "e")
        assert inbox.lines[-1].startswith(" REPLY  enter send")
        await inbox.press("escape", "?")
        pages = [inbox.text(inbox.top)]
        await inbox.press("pagedown")
        pages.append(inbox.text(inbox.top))
        assert "off          Mark resolved" in "\n".join(pages)
        await inbox.press("escape", "i")
        assert "ctrl+p undo" in inbox.text()


async def test_what_happened_stands_beside_the_keys_or_above_them_and_never_instead(team: Team4) -> None:
    async with team.inbox(size=(80, 24)) as inbox:
        inbox.context.status.say("Sent to Priya Nair")
        await inbox.settled()
        assert inbox.lines[-1].startswith(" LIST  r reply  a assign  i take")
        assert inbox.lines[-1].endswith("✓ Sent to Priya Nair  ? help")
        inbox.context.status.say("The store did not answer. " * 12, is_problem=True)
        await inbox.settled()
        assert inbox.lines[-1].startswith(" LIST  r reply  a assign  i take")
        assert inbox.lines[-4].startswith(" ! The store did not answer.")
        assert inbox.lines[-2].rstrip().endswith("…")
        inbox.context.status.clear()
        await inbox.settled()
        assert "store" not in inbox.text()


@given(
    width=st.integers(24, 200),
    mode=st.sampled_from(["LIST", "REPLY"]),
    message=st.text(st.characters(codec="utf-8"), max_size=300),
    hints=st.lists(st.tuples(st.text("abc+", min_size=1, max_size=6), st.text("xyz ", max_size=8)), min_size=1),
)
def test_a_line_of_any_width_says_where_the_keys_go(
    width: int, mode: str, message: str, hints: list[tuple[str, str]]
) -> None:
    said = clean_line(message)
    above, parts = last_line(width, mode, tuple(hints), ("✓ ", ""), said)
    keys = "".join(text for text, _ in parts)
    assert keys.startswith(f" {mode} ")
    key, words = hints[-1]
    assert keys.endswith(f"{key} {words}")
    assert said in keys or 0 < len(above) <= MAX_LINES
    assert all(cell_len(line) <= width - MARK_WIDTH for line in above)
    assert cell_len(keys) <= width
