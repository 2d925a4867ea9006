"""The screen's requests to the store, for workers to run.

Every method awaits one operation and posts one result to the screen, or
OperationFailed. It touches no widget, so a cancelled or late worker harms nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import assert_never

from textual.message import Message
from textual.message_pump import MessagePump

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ChangeId, LineBack, LineLost, Written
from inbox_tui.domain.errors import InboxError, NotFound, Rejected
from inbox_tui.domain.filters import Filter, Query, Scope
from inbox_tui.domain.models import (
    FROM_START,
    AgentId,
    Badge,
    Conversation,
    ConversationId,
    Member,
    MessageId,
    StateChange,
    Status,
)
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.local.journal import Draft
from inbox_tui.operations.next_waiting import next_waiting
from inbox_tui.operations.pages import pages
from inbox_tui.operations.triage import Done, Triage, assignments, status_changes
from inbox_tui.operations.writes import Writes
from inbox_tui.store.overview import FIRST_PAGE, read_counted_page
from inbox_tui.store.protocol import Intake, Scan, Store, Team
from inbox_tui.store.refreshing import Refresh, read_refreshed
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.state import InboxState
from inbox_tui.tui.presenters.stretch import newest_hit, oldest_hit
from inbox_tui.tui.widgets.thread_wants import HitMissed, HitWanted

READ_LIST = "read the list"
FOLLOW = "follow changes"
DELIVER = "deliver"
READ_CHANGED = "read what changed"
SELECT_ALL = "select all"
WRITE = "write"
"""The group of workers for writes other than decisions."""
DECIDE = "decide"
"""The group of workers for decisions."""
THREAD = 100
"""Messages of the first read; scrolling loads earlier ones."""
MINE_AT_ONCE = 500
MAX_MINE = 5_000
"""How many of the member's conversations are tracked; an older one was hardly assigned just now."""
LOOKED_AT_ONCE = 20
"""The most threads to read to see who assigned a conversation."""
TAIL = 20
"""Messages to read of each when looking for its newest event."""
FOLLOW_AGAIN = 2.0
"""Seconds before following the feed is retried after an error."""
SELECT_ALL_LIMIT = 10_000
"""The most conversations of "select all"."""


class StoreRequests:
    """Operations on one store, reporting to one screen."""

    def __init__(self, screen: MessagePump, store: Store, state: InboxState, writes: Writes) -> None:
        """``state`` gets every row that is read. A write through the outbox may wait until the connection is back."""
        self._screen = screen
        self.store = store
        self.state = state
        self.writes = writes
        self.triage = Triage(writes)
        self.undone: list[InboxError] = []
        """The reason of the last failed decision, by conversation."""

    async def read_list(self, query: Query) -> None:
        """The list from its beginning, with the counts that belong to it."""
        async with self._reporting(READ_LIST):
            asked = self.state.ask()
            page, counts = await read_counted_page(self.store, query, PageRequest(limit=FIRST_PAGE))
            self.state.read(page.rows, asked)
            self._post(m.ListRead(query, page, counts))

    async def read_page(self, query: Query, request: PageRequest) -> None:
        """Further rows."""
        async with self._reporting(READ_LIST):
            self._post(m.PageRead(query, request, await self._page(query, request)))

    async def read_found(self, query: Query, show: Callable[[Query, Page], None]) -> None:
        """Run the search again, from the beginning."""
        async with self._reporting("count"):
            show(query, await self._page(query, PageRequest(limit=FIRST_PAGE)))

    async def _page(self, query: Query, request: PageRequest) -> Page:
        asked = self.state.ask()
        page = await self.store.list(query, request)
        self.state.read(page.rows, asked)
        return page

    async def read_thread(self, id: ConversationId, neighbours: Sequence[ConversationId] = ()) -> None:
        """Read a thread, then those that are likely to be needed next."""
        async with self._reporting("open the conversation", [id]):
            self._post(m.ThreadRead(id, await self.store.thread(id, limit=THREAD)))
            for other in neighbours:
                self._post(m.ThreadRead(other, await self.store.thread(other, limit=THREAD)))

    async def read_earlier(self, id: ConversationId, before: MessageId) -> None:
        """Messages before those on screen; the newest ones if a restore undid those on screen."""
        async with self._reporting("read earlier messages", [id]):
            try:
                self._post(m.EarlierRead(before, await self.store.thread(id, before=before, limit=THREAD)))
            except NotFound:
                self._post(m.ThreadRead(id, await self.store.thread(id, limit=THREAD)))

    async def read_later(self, id: ConversationId, after: MessageId) -> None:
        """Messages after those on screen; the newest ones if a restore undid those on screen."""
        async with self._reporting("read later messages", [id]):
            try:
                self._post(m.LaterRead(after, await self.store.thread(id, after=after, limit=THREAD)))
            except NotFound:
                self._post(m.PlaceRead(await self.store.thread(id, limit=THREAD), None))

    async def read_end(self, id: ConversationId, *, is_first: bool) -> None:
        """The first messages, or the newest."""
        after = FROM_START if is_first else None
        async with self._reporting("read the thread", [id]):
            self._post(m.PlaceRead(await self.store.thread(id, after=after, limit=THREAD), after))

    async def find_hit(self, wanted: HitWanted) -> None:
        """Read on, stretch by stretch, until a message has the words of a search; the screen stays responsive."""
        id, place, is_back = wanted.conversation_id, wanted.beyond, wanted.direction < 0
        async with self._reporting("look for the words", [id]):
            while True:
                before, after = (place, None) if is_back else (None, place)
                thread = await self.store.thread(id, before=before, limit=THREAD, after=after)
                hit = (newest_hit if is_back else oldest_hit)(wanted.hits, thread.messages)
                if hit is not None:
                    self._post(m.PlaceRead(thread, hit, wanted.hits))
                    return
                if not (thread.has_earlier if is_back else thread.has_later) or not thread.messages:
                    break
                place = thread.messages[0 if is_back else -1].id
            if wanted.is_asked_for:
                self._post(HitMissed(wanted.direction))

    async def refresh(
        self, ids: Sequence[ConversationId], agent: AgentId | None, opened: ConversationId | None
    ) -> None:
        """Changed conversations, the open thread and the filters' numbers."""
        async with self._reporting(READ_CHANGED, ids):
            asked = self.state.ask()
            seen = await read_refreshed(self.store, Refresh(ids, Scope(agent), opened, THREAD))
            self.state.read(seen.conversations, asked)
            if ids:
                there = {one.id for one in seen.conversations}
                gone = tuple(id for id in ids if id not in there)
                self.state.removed(gone)
                self._post(m.ConversationsRead(tuple(seen.conversations), gone))
            if seen.thread is not None:
                self._post(m.ThreadRead(seen.thread.conversation.id, seen.thread))
            self._post(m.CountsRead(agent, seen.counts))  # after what they count

    async def read_team(self) -> None:
        """Members, agents, and the member's own access."""
        async with self._reporting("read the team"):
            me = await self.store.me()
            agents, members = await self.store.agents(), await self.store.members()
            self._post(m.TeamRead(me, tuple(agents), tuple(members)))

    async def follow(self) -> None:
        """Follow the feed and report every write for as long as the screen lives; retry after an error."""
        since: ChangeId | None = None
        told = ""
        while True:
            try:
                async for report in self.store.changes(since):
                    told = ""
                    match report:
                        case Written(id=since):
                            self.writes.line_is_back()
                            self.state.read(report.rows)
                            self._post(m.ChangesSeen(report))
                            if report.rows:
                                self._post(m.ConversationsRead(report.rows))
                        case LineLost(at=at):
                            self.writes.line_is_down()
                            self._post(m.LineLost(at))
                        case LineBack():
                            self.writes.line_is_back()
                            self._post(m.LineBack())
                        case _:
                            assert_never(report)
            except InboxError as error:
                if error.message != told:  # a token that was revoked stays so, and other words stand there meanwhile
                    told = error.message
                    self._post(m.OperationFailed(FOLLOW, error))
            else:
                return
            await asyncio.sleep(FOLLOW_AGAIN)

    async def send(self, pending: ReplyWrite) -> None:
        """Send a reply or note, and resolve if its author asked for that."""
        asked = self.state.ask()
        try:
            sent = await self.writes.reply(pending)
        except InboxError as error:
            self._post(m.ReplyFailed(pending.id, pending.draft.key, error))
            return
        self.state.wrote(sent.conversation, asked)
        self._post(m.ReplySent(pending.draft.key, sent))
        if not pending.and_resolve or sent.conversation.status is not Status.OPEN:
            return
        if sent.conversation.waiting_since is not None and not pending.though_waiting:
            self._post(m.StillWaiting(sent.conversation))
        else:
            await self.set_status([sent.conversation], Status.RESOLVED)

    async def assign(self, conversations: Sequence[Conversation], member: Member | None) -> None:
        """Give conversations to a member or to nobody."""
        async with self._reporting("assign", changes=assignments(conversations, member)):
            await self._decide(self.triage.assign(conversations, member))

    async def set_status(self, conversations: Sequence[Conversation], status: Status) -> None:
        """Resolve or reopen conversations."""
        async with self._reporting("change the status", changes=status_changes(conversations, status)):
            await self._decide(self.triage.set_status(conversations, status))

    async def undo(self) -> None:
        """Take the last triage action back."""
        async with self._reporting("undo"):
            await self._decide(self.triage.undo())

    async def _decide(self, act: Awaitable[Done]) -> None:
        asked = self.state.ask()
        done = await act
        self.state.answered(done.outcomes, asked)
        self._post(m.TriageDone(done))

    async def find_waiting(self, agent: AgentId | None, after: ConversationId | None, me: Member | None) -> None:
        """Find who waits longest, or next after a conversation: among nobody's and ``me``'s, or (None) all."""
        async with self._reporting("find who waits"):
            self._post(m.WaitingFound(await next_waiting(self.store, agent, after, me)))

    async def read_mine(self, found: Callable[[Sequence[Conversation]], None]) -> None:
        """The member's open conversations of all agents, up to MAX_MINE."""
        async with self._reporting("read what is yours"):
            mine: list[Conversation] = []
            async for rows in pages(self.store, Query(Filter.YOUR_INBOX), MINE_AT_ONCE, MAX_MINE):
                mine += rows
            found(mine)

    async def look_at_assigned(
        self, conversations: Sequence[Conversation], me: Member, found: Callable[[Sequence[Conversation]], None]
    ) -> None:
        """The conversations that somebody else just assigned to the member; of many, all count as such."""
        async with self._reporting("read what was assigned to you"):
            if len(conversations) > LOOKED_AT_ONCE:
                found(conversations)
                return
            given: list[Conversation] = []
            for conversation in conversations:
                thread = await self.store.thread(conversation.id, limit=TAIL)
                if rules.was_assigned(conversation, thread.messages, me):
                    given.append(conversation)
            found(given)

    async def lost_texts(self, drafts: Sequence[Draft]) -> list[Draft]:
        """The drafts for conversations that the member cannot open. Raises InboxError."""
        if not (await self.store.me()).may_chat:
            return list(drafts)
        return [draft for draft in drafts if await self.find(draft.conversation) is None]

    async def find(self, id: ConversationId) -> Conversation | None:
        """A conversation, if it exists. Raises InboxError."""
        try:
            return await self.store.get(id)
        except NotFound:
            return None

    async def select_all(self, query: Query) -> None:
        """Every conversation of the list, up to SELECT_ALL_LIMIT."""
        async with self._reporting(SELECT_ALL):
            if isinstance(self.store, Scan):
                asked = self.state.ask()
                found = await self.store.matching(query, SELECT_ALL_LIMIT)
                self.state.read(found, asked)
                self._post(m.AllFound(query, tuple(found)))

    async def save_profile(self, name: str, badge: Badge) -> None:
        """Save the member's display name and avatar."""
        async with self._reporting("save your profile"):
            if isinstance(self.store, Team):
                try:
                    await self.store.save_profile(name, badge)
                finally:  # refused or not, what the store holds is what is shown
                    await self.read_team()

    async def save_photo(self, path: Path | None) -> None:
        """Save the member's photo from a file; None removes it."""
        async with self._reporting("save your photo"):
            if isinstance(self.store, Team):
                try:
                    photo = await asyncio.to_thread(path.read_bytes) if path else None
                except OSError as error:
                    raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
                await self.store.save_photo(photo)

    async def fill_with_sample(self, now: datetime) -> None:
        """Load the sample workspace into an empty store."""
        async with self._reporting("fill the inbox with the sample"):
            from inbox_tui.operations.sample import fill  # only a first start needs it

            taken = await fill(self.store, now)
            self._post(m.ConversationsImported(taken.added))
            await self.read_team()

    async def remove_sample(self, now: datetime) -> None:
        """Remove the sample from the store."""
        async with self._reporting("remove the sample"):
            from inbox_tui.operations.sample import remove  # seldom needed

            self._post(m.SampleRemoved(await remove(self.store, now)))
            await self.read_team()

    async def import_file(self, path: Path, now: datetime) -> None:
        """Import conversations from a file."""
        async with self._reporting("import"):
            from inbox_tui.operations.importing import Import, ImportSource  # only a first start needs it

            if isinstance(self.store, Intake):
                bad: list[str] = []
                run = Import([ImportSource(str(path), path)], now, on_bad=lambda line: bad.append(str(line)))
                imported = await run.run(self.store)
                self._post(m.ConversationsImported(imported.taken.added, tuple(bad)))
            await self.read_team()

    @asynccontextmanager
    async def _reporting(
        self, operation: str, ids: Sequence[ConversationId] = (), *, changes: Sequence[StateChange] = ()
    ) -> AsyncIterator[None]:
        try:
            yield
        except InboxError as error:
            self.state.failed(changes)
            self.undone += [error] * len(changes)
            self._post(m.OperationFailed(operation, error, tuple(ids), tuple(change.id for change in changes)))

    def refused(self, ids: Sequence[ConversationId], error: InboxError) -> None:
        """A decision from before a restart failed, because its conversation changed since."""
        self._post(m.OperationFailed("do what was decided earlier", error, tuple(ids)))

    def held(self, error: InboxError) -> None:
        """The store takes no writes, possibly for another reason than a lost connection."""
        self._post(m.OperationFailed(DELIVER, error))

    def unconfirmed(self, write: ReplyWrite) -> None:
        """The store may have the reply, though its answer did not arrive."""
        self._post(m.ReplyUnconfirmed(write.id))

    def _post(self, message: Message) -> None:
        self._screen.post_message(message)
