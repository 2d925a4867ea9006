"""A right is asked where it is written: every verb of every facet, by members with each access (rule 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import pytest

from inbox_tui.domain.errors import NotAllowed, Unsupported
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import (
    Access,
    Assign,
    Author,
    Badge,
    Color,
    Kind,
    Lead,
    MemberId,
    ReplyDraft,
    SetStatus,
    Status,
)
from inbox_tui.domain.paging import PageRequest
from inbox_tui.domain.tokens import NewToken, TokenId, hash_of
from inbox_tui.store.protocol import Host, Intake, Scan, Store, Team, Upkeep
from inbox_tui.testing.contract.base import C1, Contract, OpenAs, listed, member_of, messages, team_of
from inbox_tui.testing.factories import DANA, SAM, incoming, minute, said

MAYA = "maya@acme.example"
NONE, EDIT, ADMIN = Access.NONE, Access.EDIT, Access.ADMIN
ASKS_NOBODY = {
    "name",
    "capabilities",
    "changes",
    "aclose",
    "changes_after",
    "find_token",
    "as_member",
    "require_writable",
    "schema",
}
"""What opens, follows and closes a store, and what a server does before it knows who asks."""
ONE, OTHER = hash_of("inbox_m_rights"), hash_of("inbox_m_rights_other")


class Asked(NamedTuple):
    """A verb and the least access with which it is done."""

    facet: type
    verb: str
    least: Access
    call: Callable[[Any, MemberId, TokenId], Awaitable[object]]
    """With a colleague and a token of theirs, where a verb needs them."""


async def _walk(store: Scan) -> None:
    async for _ in store.scan(Query()):
        pass


async def _back_up(store: Upkeep) -> None:
    """A database that has a tool of its own for it says so, to whoever may."""
    with TemporaryDirectory() as folder, suppress(Unsupported):
        await store.back_up(Path(folder) / "backup.db")


VERBS = (
    Asked(Store, "me", NONE, lambda store, *_: store.me()),
    Asked(Store, "agents", NONE, lambda store, *_: store.agents()),
    Asked(Store, "members", NONE, lambda store, *_: store.members()),
    Asked(Store, "counts", NONE, lambda store, *_: store.counts()),
    Asked(Store, "list", NONE, lambda store, *_: store.list(Query(), PageRequest())),
    Asked(Store, "list", EDIT, lambda store, *_: store.list(Query(search="hello"), PageRequest())),
    Asked(Store, "get", NONE, lambda store, *_: store.get(C1)),
    Asked(Store, "get_many", NONE, lambda store, *_: store.get_many([C1])),
    Asked(Store, "thread", EDIT, lambda store, *_: store.thread(C1)),
    Asked(Store, "reply", EDIT, lambda store, *_: store.reply(C1, ReplyDraft("A note", "n-1", Kind.NOTE))),
    Asked(Store, "reply", EDIT, lambda store, *_: store.reply(C1, ReplyDraft("A reply", "r-1"))),
    Asked(Store, "decide", EDIT, lambda store, *_: store.decide([SetStatus(C1, Status.RESOLVED, Status.OPEN)])),
    Asked(Store, "decide", EDIT, lambda store, who, _: store.decide([Assign(C1, who, None)])),
    Asked(Store, "decide", EDIT, lambda store, *_: store.decide([])),
    Asked(Scan, "scan", EDIT, lambda store, *_: _walk(store)),
    Asked(Scan, "matching", EDIT, lambda store, *_: store.matching(Query(), 10)),
    Asked(Team, "add_member", ADMIN, lambda store, *_: store.add_member("new@acme.example", "", NONE)),
    Asked(Team, "set_access", ADMIN, lambda store, who, _: store.set_access(who, ADMIN)),
    Asked(Team, "save_profile", NONE, lambda store, *_: store.save_profile("Maya Lind", Badge("ML", Color.PINK))),
    Asked(Team, "save_photo", NONE, lambda store, *_: store.save_photo(None)),
    Asked(Team, "photo", NONE, lambda store, who, _: store.photo(who)),
    Asked(Intake, "ingest", ADMIN, lambda store, *_: store.ingest([incoming("c-9")])),
    Asked(Intake, "ingest", ADMIN, lambda store, *_: store.ingest([incoming("c-1", "Hello", "and more")])),
    Asked(Intake, "ingest", ADMIN, lambda store, *_: store.ingest([])),
    Asked(Intake, "receive", EDIT, lambda store, *_: store.receive(C1, said("By telephone", 5, key="t-1"))),
    Asked(Intake, "request_handoff", EDIT, lambda store, *_: store.request_handoff(C1, minute(6))),
    Asked(Intake, "set_lead", EDIT, lambda store, *_: store.set_lead(C1, Lead("Priya"))),
    Asked(Upkeep, "repair", ADMIN, lambda store, *_: store.repair()),
    Asked(Upkeep, "remove", ADMIN, lambda store, *_: store.remove([], [])),
    Asked(Upkeep, "back_up", ADMIN, lambda store, *_: _back_up(store)),
    Asked(Upkeep, "damaged", NONE, lambda store, *_: store.damaged(1)),
    Asked(Upkeep, "reindex", ADMIN, lambda store, *_: store.reindex()),
    Asked(Upkeep, "search_gaps", NONE, lambda store, *_: store.search_gaps()),
    Asked(Host, "add_token", ADMIN, lambda store, *_: store.add_token(NewToken(OTHER, email=DANA))),
    Asked(Host, "tokens", ADMIN, lambda store, *_: store.tokens()),
    Asked(Host, "revoke_token", ADMIN, lambda store, _, token: store.revoke_token(token)),
)


def has(store: Store, facet: type) -> bool:
    """Whether the store has the facet, and says so."""
    said = facet is Store or bool(getattr(store.capabilities, facet.__name__.lower()))
    return said and isinstance(store, facet)


class RightsContract(Contract):
    """Who may do what."""

    def test_every_verb_is_asked_for(self) -> None:
        """A new one is put into the table; what AI agents do has tests of its own."""
        verbs = {
            verb
            for facet in (Store, Scan, Team, Intake, Upkeep, Host)
            for verb in vars(facet)
            if not verb.startswith(("_", "agent_"))
        }
        assert verbs - ASKS_NOBODY == {asked.verb for asked in VERBS}

    @pytest.mark.parametrize("access", Access)
    async def test_a_right_is_asked_where_it_is_written(self, dana: Store, open_as: OpenAs, access: Access) -> None:
        """Who lacks it is refused and changes nothing."""
        await self.admit(dana, SAM, "Sam Okafor", EDIT)
        await self.admit(dana, MAYA, "Maya Lind", access)
        colleague = await member_of(dana, SAM)
        await self.seed(dana, incoming("c-1", "Hello"))
        token = (await dana.add_token(NewToken(ONE, email=SAM))).id if isinstance(dana, Host) else TokenId("1")
        maya = await open_as(MAYA)
        if has(maya, Team):
            await team_of(maya).save_profile("Maya Lind", Badge("ML", Color.PINK))
        before = await _everything(dana)
        for asked in VERBS:
            if has(maya, asked.facet) and not _suffices(access, asked.least):
                with pytest.raises(NotAllowed):
                    await asked.call(maya, colleague.id, token)
        assert await _everything(dana) == before
        for asked in VERBS:
            if has(maya, asked.facet) and _suffices(access, asked.least):
                await asked.call(maya, colleague.id, token)

    async def test_without_chat_access_nothing_is_seen_that_was_said_or_captured(self, dana: Store, eve: Store) -> None:
        """Names, times and status are; in every list, in every order, from every place."""
        lead = Lead("Maya Lindqvist", "secret@mail.example", "secret", "secret")
        await self.seed(
            dana,
            incoming("c-1", "secret", said("secret", 1, Author.AGENT), lead=lead, topic="secret", needs_human=True),
            incoming("c-2", "secret", lead=Lead(email="secret@mail.example"), topic="secret", assignee_email=DANA),
            incoming("c-3", "secret", status=Status.RESOLVED, topic="secret"),
        )
        seen: list[object] = [await eve.get(row.id) for row in await listed(dana, Query())]
        for filter, order in [(which, order) for which in Filter for order in dana.capabilities.orders_of(which)]:
            page = await eve.list(Query(filter, order=order), PageRequest(1))
            seen.append(page)
            while page.rows:
                page = await eve.list(Query(filter, order=order), PageRequest(1, cursor=page.last))
                seen.append(page)
            seen.append(await eve.list(Query(filter, order=order), PageRequest(9, offset=-9)))
            assert [row.id for row in await listed(eve, Query(filter, order=order))] == (
                [] if filter is Filter.YOUR_INBOX else [row.id for row in await _as_all(dana, filter, order)]
            )
        assert b"secret" not in msgspec.json.encode(seen)
        theirs, hers = await dana.get(C1), await eve.get(C1)
        assert (hers.visitor, hers.lead, hers.last_message_author) == ("Maya Lindqvist", Lead("Maya Lindqvist"), None)
        assert (hers.waiting_since, hers.last_activity_at, hers.messages, hers.status) == (
            theirs.waiting_since,
            theirs.last_activity_at,
            theirs.messages,
            theirs.status,
        )
        self.expect_count((await eve.counts()).has_lead, 2)

    async def test_without_chat_access_nothing_is_searched(self, dana: Store, eve: Store) -> None:
        """The refusal says whom to ask."""
        await self.seed(dana, incoming("c-1", "my flight"))
        for search in ("flight", "nothing like that", " f ", "!"):
            with pytest.raises(NotAllowed) as refusal:
                await eve.list(Query(search=search), PageRequest())
            assert "inbox-tui members" in refusal.value.hint
        assert len(await listed(eve, Query(search="  "))) == 1


def _suffices(access: Access, least: Access) -> bool:
    order = list(Access)
    return order.index(access) >= order.index(least)


async def _as_all(store: Store, filter: Filter, order: Order) -> list[Any]:
    return await listed(store, Query(filter, order=order))


async def _everything(store: Store) -> object:
    """All that a refused act could have changed."""
    rows = await listed(store, Query())
    threads = [await messages(store, row.id) for row in rows]
    tokens = await store.tokens() if isinstance(store, Host) else None
    return rows, threads, await store.members(), await store.agents(), tokens
