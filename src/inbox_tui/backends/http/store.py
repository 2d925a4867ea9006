"""The store at a server: each verb of the port is one request. Nothing is decided here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from random import Random

import msgspec

from inbox_tui.backends.http.address import base_of, segment
from inbox_tui.backends.http.answers import ThreadAfter, decoded
from inbox_tui.backends.http.api import InboxApi
from inbox_tui.backends.http.facets import HttpIntake, HttpTeam
from inbox_tui.backends.http.feed import follow
from inbox_tui.backends.http.first_screen import HttpBatched, first_screen, list_params
from inbox_tui.backends.web.client import ApiClient
from inbox_tui.domain.changes import ChangeId, FeedReport
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import CredentialError, NotFound, StoreBroken
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Query, Scope
from inbox_tui.domain.models import (
    Agent,
    Conversation,
    ConversationId,
    Member,
    MessageId,
    ReplyDraft,
    Sent,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import Page, PageRequest, that_fit
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.store.api import (
    BODY_LIMIT,
    BULK_LIMIT,
    LOOKUP_LIMIT,
    MATCHING_LIMIT,
    PAGE_LIMIT,
    Bulk,
    ChangeResult,
    FirstScreen,
    Found,
    Lookup,
    Workspace,
    cursor_text,
    outcome_of,
)
from inbox_tui.store.deciding import unsupported
from inbox_tui.store.protocol import Capabilities, Clock
from inbox_tui.store.refreshing import Refresh, Refreshed, read_apart
from inbox_tui.store.registry import Identity
from inbox_tui.store.url import StoreUrl


async def open_store(url: StoreUrl, identity: Identity, clock: Clock) -> HttpStore:
    """Ask the server who we are there.

    Raises:
        ConfigError: the address cannot be one of a server, or would send the token unencrypted.
        CredentialError: there is no token, or the server does not accept it.
        StoreUnavailable, StoreBroken.
    """
    base = base_of(url)
    if not identity.token:
        raise CredentialError(f"There is no token for {url.shown}.", hint=f"Get one with: inbox-tui login {url.shown}")
    headers = {"Authorization": f"Bearer {identity.token}"}
    line = ApiClient(base, url.shown.partition("://")[2].rstrip("/"), headers, InboxApi(), Random())
    try:
        if identity.first is not None and (seen := await first_screen(line, *identity.first, team=True)) is not None:
            return HttpStore(line, seen.workspace, clock, (identity.first[1], seen))
        workspace = await line.ask("GET", "workspace", Workspace)
    except BaseException:
        await line.aclose()
        raise
    return HttpStore(line, workspace, clock)


class HttpStore(HttpTeam, HttpIntake, HttpBatched):
    """A workspace behind a server, seen by one member. A Store, and a Scan, Team and Intake if the server's is.

    Args:
        line: To the server.
        workspace: What the server said of it.
        clock: Says when the line was lost.
        seen: What was read along with it.
    """

    def __init__(
        self, line: ApiClient, workspace: Workspace, clock: Clock, seen: tuple[PageRequest, FirstScreen] | None = None
    ) -> None:
        self._line = line
        self._seen = seen
        self._clock = clock
        self._capabilities = workspace.capabilities
        self._closing = asyncio.Event()

    @property
    def name(self) -> str:
        """The server."""
        return self._line.name

    @property
    def capabilities(self) -> Capabilities:
        """What the server's store can do."""
        return self._capabilities

    async def me(self) -> Member:
        """The member who is asking, as they are now."""
        return await self._line.ask("GET", "me", Member)

    async def agents(self) -> Sequence[Agent]:
        """All AI agents of the workspace, by name."""
        return await self._line.ask("GET", "agents", list[Agent])

    async def members(self) -> Sequence[Member]:
        """All members of the workspace, by name."""
        return await self._line.ask("GET", "members", list[Member])

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """The exact number in each filter."""
        params: dict[str, str | int] = {} if scope.agent is None else {"agent": scope.agent}
        return await self._line.ask("GET", "counts", Counts, params=params)

    async def list(self, query: Query, page: PageRequest) -> Page:
        """A window into the list that the query describes, from as many answers as its rows need."""
        found = part = await self._page(query, page)
        while (
            page.direction == "after"
            and len(part.rows) == PAGE_LIMIT
            and len(found.rows) < page.limit
            and not part.is_end
        ):
            part = await self._page(query, PageRequest(limit=page.limit - len(found.rows), cursor=found.last))
            rows = (*found.rows, *part.rows)
            found = msgspec.structs.replace(
                found, rows=rows, last=part.last or found.last, is_cut=part.is_cut, is_end=part.is_end
            )
        return msgspec.structs.replace(found, query=query)

    async def get(self, id: ConversationId) -> Conversation:
        """One conversation. Raises NotFound."""
        return await self._line.ask("GET", f"conversations/{segment(id)}", Conversation)

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """Those conversations that exist, by as many requests as their answers need room."""
        found: list[Conversation] = []
        left = [ConversationId(id) for id in dict.fromkeys(map(replace_unstorable, ids))]
        while left:
            body = Lookup(that_fit(left[:LOOKUP_LIMIT], BODY_LIMIT // 2))
            try:
                some = await self._line.ask("POST", "lookup", Found, body=body, is_keyed=True)
            except NotFound:  # a server of an earlier version
                return [*found, *await self._get_each(left)]
            if not some.looked_up:
                raise StoreBroken(f"{self.name} looked up none of {counted(len(body.ids), 'conversation')}.")
            found += some.conversations
            left = left[some.looked_up :]
        return found

    async def refresh(self, wanted: Refresh) -> Refreshed:
        """Changed conversations, the numbers and the open thread. Raises NotAllowed for a thread."""
        ids = [ConversationId(id) for id in dict.fromkeys(map(replace_unstorable, wanted.ids))]
        some = that_fit(ids[:LOOKUP_LIMIT], BODY_LIMIT // 2)
        try:
            body = Lookup(some, wanted.scope, wanted.thread, min(wanted.limit, PAGE_LIMIT))
            seen = await self._line.ask("POST", "lookup", Found, body=body, is_keyed=True)
        except NotFound:  # a server of an earlier version
            return await read_apart(self, wanted)
        if seen.counts is None:
            raise StoreBroken(f"{self.name} counted nothing.")
        found = [*seen.conversations, *await self.get_many(ids[seen.looked_up :])]
        return Refreshed(found, seen.counts, seen.thread)

    async def thread(
        self,
        id: ConversationId,
        before: MessageId | None = None,
        limit: int = 200,
        *,
        after: MessageId | None = None,
    ) -> Thread:
        """The newest messages, those before one, or those after one, from as many answers as they need."""
        found = part = await self._thread(id, limit, before=before, after=after)
        while after is None and part.has_earlier and _is_full(part) and len(found.messages) < limit:
            part = await self._thread(id, limit - len(found.messages), before=found.messages[0].id)
            found = Thread(found.conversation, (*part.messages, *found.messages), part.has_earlier, found.has_later)
        while after is not None and part.has_later and _is_full(part) and len(found.messages) < limit:
            part = await self._thread(id, limit - len(found.messages), after=found.messages[-1].id)
            found = Thread(found.conversation, (*found.messages, *part.messages), found.has_earlier, part.has_later)
        return found

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Send a reply or write a note, once for each key."""
        path = f"conversations/{segment(id)}/messages"
        return await self._line.ask("POST", path, Sent, body=draft, is_keyed=bool(draft.key))

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations, with as many changes in a request as the server takes and answers."""
        refusals = [unsupported(change, self._capabilities) for change in changes]  # earlier servers know fewer kinds
        possible = [change for change, refusal in zip(changes, refusals, strict=True) if refusal is None]
        outcomes = iter(await self._decide(possible))
        return [
            next(outcomes) if refusal is None else refused(change, None, refusal)
            for change, refusal in zip(changes, refusals, strict=True)
        ]

    def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of writes, by anybody, after ``since``; ends with ``aclose``."""
        return follow(self._line, self._closing, since, self._clock)

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """Every conversation of the query as it is at the first step."""
        async with self._line.listen("scan", params=list_params(query)) as response:
            rest, rows = b"", _NO_ROWS
            async for part in response.aiter_bytes():
                *lines, rest = (rest + part).split(b"\n")
                rows = [*rows, *(decoded(text, Conversation, self.name) for text in lines if text)]
                while len(rows) >= batch:
                    yield rows[:batch]
                    rows = rows[batch:]
            if rows:
                yield rows

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The first ``limit`` conversations of the query."""
        params = {**list_params(query), "limit": min(max(0, limit), MATCHING_LIMIT)}
        return await self._line.ask("GET", "matching", _CONVERSATIONS, params=params)

    async def aclose(self) -> None:
        """Stop listening and let go of the connections; a request under way is its asker's to wait for."""
        self._closing.set()
        await self._line.aclose()

    async def _get_each(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        found: list[Conversation] = []
        for id in ids:
            with suppress(NotFound):
                found.append(await self.get(id))
        return found

    async def _decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        while True:
            body = Bulk(that_fit(changes[len(outcomes) : len(outcomes) + BULK_LIMIT], BODY_LIMIT // 2))
            some = await self._line.ask("POST", "bulk", _RESULTS, body=body)
            outcomes += map(outcome_of, some)
            if len(outcomes) >= len(changes):
                return outcomes
            if not some:
                raise StoreBroken(f"{self.name} decided none of {counted(len(body.changes), 'change')}.")

    async def _page(self, query: Query, page: PageRequest) -> Page:
        params: dict[str, str | int] = {**list_params(query), "limit": min(max(0, page.limit), PAGE_LIMIT)}
        if page.cursor is None:
            params["offset"] = page.offset
        else:
            params.update(cursor=cursor_text(page.cursor), direction=page.direction)
        return await self._line.ask("GET", "conversations", Page, params=params)

    async def _thread(
        self, id: ConversationId, limit: int, *, before: MessageId | None = None, after: MessageId | None = None
    ) -> Thread:
        path = f"conversations/{segment(id)}/thread"
        params: dict[str, str | int] = {"limit": min(max(0, limit), PAGE_LIMIT)}
        if after is not None:
            part = await self._line.ask("GET", path, ThreadAfter, params={**params, "after": after})
            return Thread(part.conversation, part.messages, part.has_earlier, part.has_later)
        if before is not None:
            params["before"] = before
        found = await self._line.ask("GET", path, Thread, params=params)
        # A server of an earlier version does not say so, but one message at least is later: the one that was named.
        return msgspec.structs.replace(found, has_later=before is not None)


def _is_full(part: Thread) -> bool:
    """Whether an answer ended because it has as many messages as one may have."""
    return len(part.messages) == PAGE_LIMIT


_NO_ROWS: list[Conversation] = []
# Inside the class ``list`` is the verb.
_RESULTS = list[ChangeResult]
_CONVERSATIONS = list[Conversation]
