"""A server that decides for itself, and a store that makes the best of it.

``WeakServer`` is a stranger's: it gives the ids and the times, knows no keys, compares nothing, words its events in
its own way, trims texts, and shows a write in its lists one look later. ``WeakStore`` is what a careful adapter for
such a server does: it looks before it writes. Between the look and the write there is a gap, as on any line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ChangeId, FeedReport, Written, start_again
from inbox_tui.domain.errors import Conflict, NotFound, Rejected, StoreUnavailable, Unsupported
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Query, Scope
from inbox_tui.domain.models import (
    Access,
    Agent,
    Assign,
    Author,
    Conversation,
    ConversationId,
    IncomingConversation,
    IncomingMessage,
    Kind,
    Lead,
    Member,
    MemberId,
    Message,
    MessageId,
    ReplyDraft,
    Sent,
    SetStatus,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Capabilities, Store
from inbox_tui.testing import lists
from inbox_tui.testing.factories import DANA, MORNING, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.renaming import Names, Renamed
from inbox_tui.testing.workspace import ModelWorkspace

T = TypeVar("T")

PAGE = 5
"""Rows that the server gives at once, whatever is asked."""
MAX_BODY = 20_000
"""Characters that the server takes."""


class WeakServer:
    """The server, and what the world beyond the store can do to it: the control object of the tests.

    Args:
        adapter: The store that members use.
    """

    def __init__(self, adapter: type[WeakStore] | None = None) -> None:
        self._adapter = adapter or WeakStore
        self._now = MORNING
        self.workspace = ModelWorkspace(self._tick, member("Dana Ortiz", email=DANA))
        self.names = Names()
        self.markers: dict[MessageId, str] = {}
        """The keys that adapters left with their messages: the server stores them and does nothing with them."""
        self.loses = ""
        """What the line loses of the next write: its "answer", its "request", or nothing."""
        self._shown = self.workspace

    def _tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def open_as(self, email: str) -> Store:
        """The store that an adapter opens, with the ids of the tests. Raises CredentialError."""
        store: Store = Renamed(self._adapter(self, ModelStore(self.workspace, email)), self.names)  # type: ignore[assignment]  # verbs come from the port
        return store

    def listed(self) -> ModelWorkspace:
        """What lists and counts are made of: a write is in them at the second look after it."""
        shown, self._shown = self._shown, _frozen(self.workspace)
        return shown

    def settle(self) -> None:
        """Show everything: what an adapter's test does after it let the world act."""
        self._shown = _frozen(self.workspace)

    def admit(self, email: str, name: str, access: Access) -> None:
        """A new member, with an avatar that is made of the name."""
        self.workspace.add_member(Member(MemberId(""), email, name, rules.badge_for(name), access))

    async def seed(self, given: IncomingConversation) -> None:
        """A conversation under an id and with times of the server's own, or the messages that it lacks."""
        id = self.names.to_server(given.id)
        if id == given.id and self.workspace.find(id) is None:
            self.names.learn(given.id, f"{len(self.workspace.conversations) + 4711}")
            id = self.names.to_server(given.id)
        dana = ModelStore(self.workspace, DANA)
        messages = tuple(
            msgspec.structs.replace(message, created_at=self._tick(), body=message.body.strip())
            for message in sorted(given.messages, key=lambda message: message.created_at)
        )
        start = messages[0].created_at if messages else self._tick()
        await dana.ingest([msgspec.structs.replace(given, id=id, messages=messages, created_at=start)])
        self.settle()

    async def say(self, id: ConversationId, author: Author, body: str) -> None:
        """The visitor or the AI agent writes."""
        message = IncomingMessage(author, body.strip(), self._tick())
        await ModelStore(self.workspace, DANA).receive(self.names.to_server(id), message)
        self.settle()

    async def hand_off(self, id: ConversationId) -> None:
        """The visitor asks for a human."""
        await ModelStore(self.workspace, DANA).request_handoff(self.names.to_server(id), self._tick())
        self.settle()

    async def set_lead(self, id: ConversationId, lead: Lead) -> None:
        """Something becomes known of the visitor."""
        await ModelStore(self.workspace, DANA).set_lead(self.names.to_server(id), lead)
        self.settle()

    def lose_answer(self) -> None:
        """The next write is done, and its answer gets lost."""
        self.loses = "answer"

    def lose_request(self) -> None:
        """The next write does not arrive."""
        self.loses = "request"


class WeakStore:
    """A careful adapter: a ``Store`` that makes few promises, and no facet."""

    def __init__(self, server: WeakServer, inner: ModelStore) -> None:
        self.server = server
        self.inner = inner

    @property
    def name(self) -> str:
        """The server's name."""
        return "a stranger's server"

    @property
    def capabilities(self) -> Capabilities:
        """No facet, and one order for each list."""
        return Capabilities(orders={filter: (filter.default_order,) for filter in Filter})

    async def me(self) -> Member:
        """Who is asking."""
        return await self.inner.me()

    async def agents(self) -> Sequence[Agent]:
        """All AI agents."""
        return await self.inner.agents()

    async def members(self) -> Sequence[Member]:
        """All members."""
        return await self.inner.members()

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """As the lists are: late. One number the server does not know."""
        counts = await self._late().counts(scope)
        return msgspec.structs.replace(counts, has_lead=None)

    async def list(self, query: Query, page: PageRequest) -> Page:
        """One order for each filter; a search finds a piece of text."""
        if query.effective_order is not query.filter.default_order:
            raise Unsupported("The server sorts each list in one way only.")
        wanted = msgspec.structs.replace(page, limit=min(page.limit, PAGE), offset=max(page.offset, -PAGE))
        if not query.search.strip():
            found = await self._late().list(query, wanted)
        else:
            await self.inner.list(query, wanted)  # refuses whom it must
            found = self._found(query, wanted)
        return msgspec.structs.replace(found, is_end=found.ends(wanted))

    async def get(self, id: ConversationId) -> Conversation:
        """As it is now."""
        return await self.inner.get(id)

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """As they are now."""
        return await self.inner.get_many(ids)

    async def thread(
        self,
        id: ConversationId,
        before: MessageId | None = None,
        limit: int = 200,
        *,
        after: MessageId | None = None,
    ) -> Thread:
        """Twenty messages at most; events in the server's own words."""
        thread = await self.inner.thread(id, before, min(limit, 20), after=after)
        return msgspec.structs.replace(thread, messages=tuple(map(self._message, thread.messages)))

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Look for the key and for what was not seen, then write."""
        rules.require_chat(await self.me())
        conversation, thread = await self.get(id), await self._whole(id)
        rules.require_key(draft.key)
        rules.require_body(draft.body)
        if len(draft.body) > MAX_BODY:
            raise Rejected("The server takes no text as long as that.")
        for message in thread:
            if message.key == draft.key:
                return Sent(message, conversation, was_known=True)
        if draft.kind is Kind.MESSAGE:
            ids = [message.id for message in thread]
            seen = ids.index(draft.last_seen) if draft.last_seen in ids else -1
            unseen = rules.unseen_replies(thread, await self.me(), [place > seen for place in range(len(ids))])
            rules.require_nothing_unseen(unseen, conversation)
        await _gap()
        return await self._over_the_line(lambda: self._post(id, draft))

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """One after the other: compare, then write without comparing."""
        rules.require_chat(await self.me())
        return [await self._decide(change) for change in changes]

    async def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """That something was written, and not what: every conversation may be another. Who was away reads again."""
        is_first = True
        async for report in self.inner.changes():
            if isinstance(report, Written):
                everything = tuple(self.server.workspace.conversations) if report.conversations else ()
                is_missed = is_first and since is not None
                yield (
                    start_again(report.id)
                    if is_missed
                    else msgspec.structs.replace(report, conversations=everything, rows=())
                )
                is_first = False
            else:
                yield report

    async def aclose(self) -> None:
        """Ends following."""
        await self.inner.aclose()

    def _late(self) -> ModelStore:
        return ModelStore(self.server.listed(), self.server.workspace.member(self.inner._me).email)

    def _found(self, query: Query, page: PageRequest) -> Page:
        """The conversations with a message that has the text in it."""
        shown, text = self.server.listed(), query.search.strip().casefold()
        threads = [shown.threads[id] for id in shown.conversations]
        blank = msgspec.structs.replace(query, search="")
        rows = lists.rows(blank, self.inner._me, shown.conversations.values(), threads)
        found = [
            row
            for row in rows
            if any(text in message.body.casefold() for message in shown.threads[row.conversation.id])
        ]
        return msgspec.structs.replace(lists.page(blank, found, page), query=query, total=len(found))

    async def _whole(self, id: ConversationId) -> Sequence[Message]:
        return [self._message(message) for message in (await self.inner.thread(id, limit=10_000)).messages]

    def _message(self, message: Message) -> Message:
        """As the server gives it: what happened is told without who did it."""
        if message.kind is Kind.EVENT:
            return msgspec.structs.replace(message, body="The conversation was changed", member=None)
        return msgspec.structs.replace(message, key=self.server.markers.get(message.id, ""))

    async def _post(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """What the server does: it writes whatever comes, however often, whoever wrote before."""
        newest = (await self.inner.thread(id, limit=1)).messages
        sent = await self.inner.reply(
            id,
            msgspec.structs.replace(
                draft,
                body=draft.body.strip(),
                key=f"post-{len(self.server.markers)}",
                last_seen=newest[0].id if newest else None,
                auto_assign=False,
            ),
        )
        self.server.markers[sent.message.id] = draft.key
        return msgspec.structs.replace(sent, message=self._message(sent.message))

    async def _decide(self, change: StateChange) -> Outcome:
        before = self.server.workspace.find(change.id)
        try:
            self._compare(change, await self.get(change.id), await self.me())
        except (Conflict, NotFound, Rejected) as refusal:
            return refused(change, before, refusal)
        await _gap()
        return await self._over_the_line(lambda: self._force(change, before))

    def _compare(self, change: StateChange, before: Conversation, me: Member) -> None:
        """Raises what a store raises that compares."""
        workspace = self.server.workspace
        rules.decided(before, change, me, before.last_activity_at, workspace.member)

    async def _force(self, change: StateChange, before: Conversation | None) -> Outcome:
        """What the server does: it writes whatever comes."""
        now = await self.inner.get(change.id)
        if isinstance(change, Assign):
            expected = now.assignee.id if now.assignee else None
            [done] = await self.inner.decide([msgspec.structs.replace(change, expected=expected)])
        else:
            [done] = await self.inner.decide([SetStatus(change.id, change.status, now.status)])
        return Outcome(change, before, done.after)

    async def _over_the_line(self, write: Callable[[], Awaitable[T]]) -> T:
        lost, self.server.loses = self.server.loses, ""
        if lost == "request":
            raise StoreUnavailable("The line broke.")
        done = await write()
        if lost == "answer":
            raise StoreUnavailable("The line broke.")
        return done


async def _gap() -> None:
    """The time between a look and a write, in which others write."""
    await asyncio.sleep(0)


def _frozen(workspace: ModelWorkspace) -> ModelWorkspace:
    """The workspace as it is now."""
    frozen = copy(workspace)
    frozen.conversations = dict(workspace.conversations)
    frozen.threads = {id: list(thread) for id, thread in workspace.threads.items()}
    frozen.members = dict(workspace.members)
    frozen.agents = dict(workspace.agents)
    return frozen
