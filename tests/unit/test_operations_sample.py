"""The sample in somebody's own workspace."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from inbox_tui.domain.errors import CredentialError, NotAllowed
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Access, ConversationId, ReplyDraft
from inbox_tui.domain.paging import PageRequest
from inbox_tui.domain.rules import badge_for
from inbox_tui.operations.sample import fill, remove, sample_members
from inbox_tui.store.protocol import Intake, Removed, Team
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl
from inbox_tui.testing.factories import incoming

NOW = datetime(2026, 11, 6, 15, tzinfo=timezone.utc)
ME = "me@home.example"


async def test_nobody_of_the_sample_is_an_admin_of_ones_own_workspace(tmp_path: Path) -> None:
    url = StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db")
    store = await open_store(url, Identity(ME, "Me", is_given=True))
    try:
        first = await fill(store, NOW)
        again = await fill(store, NOW)
        assert (first.added > 0, again.added, again.extended) == (True, 0, 0)
        access = {member.email: member.access for member in await store.members()}
        assert [email for email, level in access.items() if level is Access.ADMIN] == [ME]
        assert set(access) == {ME, *(member.email for member in sample_members())}
    finally:
        await store.aclose()
    for member in sample_members():
        try:
            theirs = await open_store(url, Identity(member.email, "", is_given=True))
        except CredentialError:
            continue
        try:
            assert isinstance(theirs, Team)
            with pytest.raises(NotAllowed):
                await theirs.add_member("x@acme.example", "", Access.ADMIN)
        finally:
            await theirs.aclose()


async def test_all_of_the_sample_goes_and_nothing_of_ones_own(tmp_path: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db"), Identity(ME, "Me", is_given=True))
    try:
        assert isinstance(store, Intake) and isinstance(store, Team)
        taken = await fill(store, NOW)
        await store.ingest([incoming("mine", "a question of a real visitor")])
        thread = await store.thread(ConversationId("c-1001"))
        await store.save_profile("Me", badge_for("Me"))
        await store.reply(ConversationId("c-1001"), ReplyDraft("Tried it", "k", last_seen=thread.messages[-1].id))
        kept = (await store.get(ConversationId("mine")), await store.thread(ConversationId("mine")))
        assert await remove(store, NOW) == Removed(taken.added, len(sample_members()))
        assert [row.id for row in (await store.list(Query(), PageRequest())).rows] == ["mine"]
        assert (await store.get(ConversationId("mine")), await store.thread(ConversationId("mine"))) == kept
        assert [member.email for member in await store.members()] == [ME]
        assert [agent.name for agent in await store.agents()] == [kept[0].agent.name]
        assert await remove(store, NOW) == Removed(0, 0)
    finally:
        await store.aclose()


async def test_a_conversation_that_only_has_an_id_of_the_sample_stays(tmp_path: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{tmp_path}/inbox.db"), Identity(ME, "Me", is_given=True))
    try:
        assert isinstance(store, Intake)
        await store.ingest([incoming("c-1001", "Where is my order?")])
        assert await remove(store, NOW) == Removed(0, 0)
        [said] = (await store.thread(ConversationId("c-1001"))).messages
        assert said.body == "Where is my order?"
    finally:
        await store.aclose()
