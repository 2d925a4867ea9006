"""Whatever was written, kept, undone and written again: nobody misses a thing without being told so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.workspaces import ModelBackup, SqliteFile
from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.replies import heard_id
from inbox_tui.store.protocol import Host, Intake, Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract import Backup, OpenAs
from inbox_tui.testing.contract.base import C1, C2, agent_of, reply
from inbox_tui.testing.factories import DANA, WEBSITE, incoming, member
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.workspace import ModelWorkspace

WRITES = st.lists(st.sampled_from([C1, C2]), max_size=4)


class History(msgspec.Struct, frozen=True):
    """Replies, each by its conversation."""

    kept: Sequence[ConversationId]
    """Written before the backup."""
    undone: Sequence[ConversationId]
    new: Sequence[ConversationId]
    """Written after the restore."""
    heard: int
    """After how many of those before the restore a member and a website stopped listening."""
    by_event: bool
    """The website goes on from the event that it heard, not from the place where the server was."""


HISTORIES = st.builds(History, WRITES, WRITES, WRITES, st.integers(0, 8), st.booleans())


async def require_nothing_missed(open_as: OpenAs, backup: Backup, history: History) -> None:
    store = await open_as(DANA)
    assert isinstance(store, Intake) and isinstance(store, Host)
    await store.ingest([incoming("c-1"), incoming("c-2")])
    agent = (await agent_of(store, WEBSITE)).id
    places = [((await store.changes_after(None)).id, (await store.agent_replies(agent, None)).last)]

    async def write(where: Sequence[ConversationId], word: str, into: Store) -> list[str]:
        assert isinstance(into, Host)
        bodies = [f"{word} {number}" for number, _ in enumerate(where)]
        for body, id in zip(bodies, where, strict=True):
            written = await reply(into, body, body, id)
            event = heard_id(written.id, written.created_at)
            present = (await into.agent_replies(agent, None)).last
            places.append(((await into.changes_after(None)).id, event if history.by_event else present))
        return bodies

    kept = await write(history.kept, "kept", store)
    await backup.take()
    await write(history.undone, "undone", store)
    heard = min(history.heard, len(places) - 1)
    await backup.restore()
    store = await open_as(DANA)
    assert isinstance(store, Host)
    new = await write(history.new, "new", store)
    change, place = places[heard]
    report, replies = await store.changes_after(change), await store.agent_replies(agent, place)
    bodies = [message.body for _, message in replies.replies]
    if heard > len(history.kept):
        assert (report.reset, replies.reset, bodies) == (True, True, new)
    else:
        assert (report.reset, replies.reset, bodies) == (False, False, [*kept[heard:], *new])
        assert set(report.conversations) == {*history.kept[heard:], *history.new}


@settings(deadline=None)
@given(HISTORIES)
def test_in_the_model(history: History) -> None:
    workspace = ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA))

    async def open_as(email: str) -> Store:
        return ModelStore(workspace, email)

    asyncio.run(require_nothing_missed(open_as, ModelBackup(workspace), history))


@settings(deadline=None, max_examples=25)
@given(HISTORIES)
def test_in_a_file(history: History) -> None:
    async def check(file: SqliteFile) -> None:
        await require_nothing_missed(file.open_as, file, history)
        await file.close()

    with TemporaryDirectory() as folder:
        asyncio.run(check(SqliteFile(Path(folder))))
