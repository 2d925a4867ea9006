"""The contract of a store that offers no facet and promises everything: ``test_plain_store`` runs it by itself.

Its tests reach the workspace by the hooks alone, as those of a stranger's store must.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox_tui.domain import rules
from inbox_tui.domain.models import (
    Access,
    Author,
    ConversationId,
    IncomingConversation,
    Lead,
    Member,
    MemberId,
)
from inbox_tui.store.protocol import Capabilities, Store
from inbox_tui.store.registry import utc_now
from inbox_tui.testing.contract import OpenAs, StoreContract
from inbox_tui.testing.factories import DANA, member, minute, said
from inbox_tui.testing.model import ModelStore
from inbox_tui.testing.renaming import Names, Renamed
from inbox_tui.testing.workspace import ModelWorkspace


class PlainStore(Renamed):
    """The verbs of the model's Store, and none of its facets."""

    @property
    def capabilities(self) -> Capabilities:
        """What every store has that says nothing else."""
        return Capabilities()


class TestPlainContract(StoreContract):
    @pytest.fixture(autouse=True)
    def workspace(self) -> Iterator[ModelWorkspace]:
        self._workspace = ModelWorkspace(utc_now, member("Dana Ortiz", email=DANA))
        self._world = ModelStore(self._workspace, DANA)
        yield self._workspace

    @pytest.fixture
    def open_as(self, workspace: ModelWorkspace) -> OpenAs:
        async def open_as(email: str) -> Store:
            store: Store = PlainStore(ModelStore(workspace, email), Names())  # type: ignore[assignment]  # its verbs are made
            return store

        return open_as

    async def seed(self, store: Store, *conversations: IncomingConversation) -> None:
        await self._world.ingest(conversations)

    async def admit(self, store: Store, email: str, name: str, access: Access) -> None:
        self._workspace.add_member(Member(MemberId(""), email, name, rules.badge_for(name), access))

    async def visitor_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        await self._world.receive(id, said(body, at))

    async def agent_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        await self._world.receive(id, said(body, at, Author.AGENT))

    async def hand_off(self, store: Store, id: ConversationId, at: float) -> None:
        await self._world.request_handoff(id, minute(at))

    async def set_lead(self, store: Store, id: ConversationId, lead: Lead) -> None:
        await self._world.set_lead(id, lead)
