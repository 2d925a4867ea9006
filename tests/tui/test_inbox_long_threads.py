"""Long threads: their beginning, and the messages that a search found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inbox_tui.domain.models import ConversationId, Lead, MessageId, ReplyDraft, Thread
from inbox_tui.store.protocol import Store
from inbox_tui.tui.inbox.requests import THREAD

from .terminal import Inbox
from .workspace import AGENT, CHATS, DANA, MAYA, VISITOR, Team4, chat, said

LONG = ConversationId("long")
MANY = 900
NEEDLES = {30: "the Nöödle is lost", 450: "where is the noodle?", 460: "noodle again", 640: "still no noodles"}
"""None of them is among the newest messages that are read first."""


def long_chat() -> tuple[object, ...]:
    bodies = [NEEDLES.get(number, f"message {number}") for number in range(MANY)]
    return tuple(
        said(AGENT if number % 2 else VISITOR, body, (MANY - number) / 10) for number, body in enumerate(bodies)
    )


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team4]:
    built = Team4(tmp_path)
    await built.build((chat("long", *long_chat(), lead=Lead("Lena Long"), needs_human=True), *CHATS))  # type: ignore[arg-type]
    yield built
    await built.close()


def watched(team: Team4, reads: list[int]) -> None:
    """Have every read of a thread noted, with how many messages it gave."""
    opens = team.opens

    async def open_watched(email: str) -> Store:
        store = await opens(email)
        thread = store.thread

        async def read(
            id: ConversationId,
            before: MessageId | None = None,
            limit: int = 200,
            *,
            after: MessageId | None = None,
        ) -> Thread:
            found = await thread(id, before, limit, after=after)
            reads.append(len(found.messages))
            return found

        store.thread = read  # type: ignore[method-assign]
        return store

    team.opens = open_watched


def on_screen(inbox: Inbox) -> list[str]:
    context = inbox.context.thread
    return [context.render_line(y).text.strip() for y in range(context.size.height)]


async def at(inbox: Inbox, text: str) -> None:
    await inbox.until(lambda: text in on_screen(inbox))


async def search(inbox: Inbox, words: str) -> None:
    await inbox.press("slash")
    await inbox.pilot.press(*words)
    await inbox.until(lambda: inbox.context.header.search == words and inbox.context.list.query_shown is not None)
    await inbox.press("enter")


async def test_g_goes_to_the_first_message_and_reads_only_what_stands_there(team: Team4) -> None:
    reads: list[int] = []
    watched(team, reads)
    async with team.inbox() as inbox:
        await at(inbox, f"message {MANY - 1}")
        inbox.context.pane.focus_thread()
        reads.clear()
        await inbox.press("g")
        await at(inbox, "message 0")
        assert reads == [THREAD]
        assert inbox.context.thread.scroll_offset.y == 0
        await inbox.press("G")
        await at(inbox, f"message {MANY - 1}")
        assert reads in ([THREAD], [THREAD, THREAD]), "the newest may be at hand"
        assert inbox.context.thread.is_at_end


async def test_from_the_first_message_one_reads_on_to_the_newest(team: Team4) -> None:
    async with team.inbox() as inbox:
        await at(inbox, f"message {MANY - 1}")
        inbox.context.pane.focus_thread()
        await inbox.press("g")
        await at(inbox, "message 0")
        seen: list[str] = []
        while not inbox.context.thread.is_at_end:
            seen += [line for line in on_screen(inbox) if line not in seen[-80:]]
            last = on_screen(inbox)
            await inbox.press("pagedown")
            await inbox.until(lambda last=last: on_screen(inbox) != last)  # type: ignore[misc]
        seen += on_screen(inbox)
        expected = [NEEDLES.get(number, f"message {number}") for number in range(MANY)]
        assert [line for line in dict.fromkeys(seen) if line in set(expected)] == expected


async def test_a_reply_from_further_up_was_written_in_knowledge_of_the_newest_messages(team: Team4) -> None:
    maya = await team.store(MAYA)
    await maya.reply(LONG, ReplyDraft("I am on it", "k-1"))
    async with team.inbox(DANA) as inbox:
        await at(inbox, "I am on it")
        inbox.context.pane.focus_thread()
        await inbox.press("g")
        await at(inbox, "message 0")
        await inbox.press("r")
        await inbox.write("And so am I")
        await inbox.press("enter")
        await at(inbox, "And so am I")
        assert (await maya.thread(LONG, limit=1)).messages[0].body == "And so am I"


async def test_what_others_write_meanwhile_does_not_move_the_place(team: Team4) -> None:
    maya = await team.store(MAYA)
    async with team.inbox() as inbox:
        await at(inbox, f"message {MANY - 1}")
        inbox.context.pane.focus_thread()
        await inbox.press("g")
        await at(inbox, "message 0")
        before = on_screen(inbox)
        await maya.reply(LONG, ReplyDraft("I am on it", "k-1"))
        await inbox.until(lambda: "I am on it" in (inbox.context.list.conversation(LONG) or CHATS[0]).last_message)  # type: ignore[union-attr]
        await inbox.settled()
        assert on_screen(inbox) == [*before[:-1], "↓ 1 new below"]
        await inbox.press("G")
        await at(inbox, "I am on it")


async def test_a_search_opens_the_thread_at_the_newest_hit_with_its_words_marked(team: Team4) -> None:
    async with team.inbox() as inbox:
        await search(inbox, "noodle")
        await at(inbox, "still no noodles")
        assert marked(inbox) == ["noodles"]
        assert inbox.context.pane.conversation is not None
        await inbox.press("escape")
        await inbox.until(lambda: not inbox.context.header.search)
        await inbox.settled()
        assert marked(inbox) == []


async def test_brackets_go_from_hit_to_hit(team: Team4) -> None:
    reads: list[int] = []
    watched(team, reads)
    async with team.inbox() as inbox:
        await search(inbox, "noodle")
        await at(inbox, "still no noodles")
        for expected in ("noodle again", "where is the noodle?", "the Nöödle is lost"):
            await inbox.press("left_square_bracket")
            await at(inbox, expected)
            assert marked(inbox)
        await inbox.press("left_square_bracket")
        await inbox.until(lambda: "No earlier message" in inbox.context.status.message)
        assert "the Nöödle is lost" in on_screen(inbox)
        for expected in ("where is the noodle?", "noodle again", "still no noodles"):
            await inbox.press("right_square_bracket")
            await at(inbox, expected)
        await inbox.press("right_square_bracket")
        await inbox.until(lambda: "No later message" in inbox.context.status.message)
        assert max(reads) <= THREAD


async def test_after_g_the_next_hit_is_looked_for_from_there(team: Team4) -> None:
    async with team.inbox() as inbox:
        await search(inbox, "noodle")
        await at(inbox, "still no noodles")
        inbox.context.pane.focus_thread()
        await inbox.press("g")
        await at(inbox, "message 0")
        await inbox.press("right_square_bracket")
        await at(inbox, "the Nöödle is lost")


async def test_without_a_search_there_are_no_hits_to_go_to(team: Team4) -> None:
    async with team.inbox() as inbox:
        await at(inbox, f"message {MANY - 1}")
        before = on_screen(inbox)
        await inbox.press("left_square_bracket")
        assert on_screen(inbox) == before
        assert inbox.context.status.message.startswith("Search first (/)")


async def test_a_conversation_that_is_found_by_its_name_opens_at_its_end(team: Team4) -> None:
    async with team.inbox() as inbox:
        await search(inbox, "lena")
        await inbox.until(
            lambda: inbox.context.list.query_shown is not None and inbox.context.header.found == "1 found"
        )
        await at(inbox, f"message {MANY - 1}")
        await inbox.settled()
        assert inbox.context.thread.is_at_end
        await inbox.press("left_square_bracket")
        await inbox.until(lambda: "No earlier message" in inbox.context.status.message)


async def test_a_hit_is_looked_for_only_while_its_conversation_is_shown(team: Team4) -> None:
    """Somebody found by their name may have written a hundred thousand messages without it."""
    async with team.inbox() as inbox:
        store, waits = inbox.context.work.store, asyncio.Event()
        thread = store.thread

        async def held_back(
            id: ConversationId,
            before: MessageId | None = None,
            limit: int = 200,
            *,
            after: MessageId | None = None,
        ) -> Thread:
            if before is not None:
                await waits.wait()
            return await thread(id, before, limit, after=after)

        def is_looking() -> bool:
            return any(worker.group == "place" and not worker.is_finished for worker in inbox.screen.workers)

        store.thread = held_back  # type: ignore[method-assign]
        await at(inbox, f"message {MANY - 1}")
        assert inbox.here == "long"
        inbox.context.thread.look_for("nowhere")
        await inbox.until(is_looking)
        await inbox.press("j")
        assert inbox.here != "long"
        await inbox.until(lambda: not is_looking())


def marked(inbox: Inbox) -> list[str]:
    context = inbox.context.thread
    parts = [part for y in range(context.size.height) for part in context.render_line(y)]
    return [part.text for part in parts if part.style is not None and part.style.reverse]
