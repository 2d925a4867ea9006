"""A store that promises little keeps what is left of the contract, and the weaker twins of the rest."""

from __future__ import annotations

import pytest

from contract.weak import WeakServer
from inbox_tui.domain.models import Access, Author, ConversationId, IncomingConversation, Lead
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract import BreakingLine, OpenAs, Promises, StoreContract, TwiceContract


class TestWeakContract(StoreContract, TwiceContract):
    promises = Promises(**dict.fromkeys(Promises.__struct_fields__, False))

    @pytest.fixture(autouse=True)
    def server(self) -> WeakServer:
        self._server = WeakServer()
        return self._server

    @pytest.fixture
    def open_as(self, server: WeakServer) -> OpenAs:
        async def open_as(email: str) -> Store:
            return server.open_as(email)

        return open_as

    @pytest.fixture
    def line(self, server: WeakServer) -> BreakingLine:
        return server

    async def seed(self, store: Store, *conversations: IncomingConversation) -> None:
        for conversation in conversations:
            await self._server.seed(conversation)

    async def admit(self, store: Store, email: str, name: str, access: Access) -> None:
        self._server.admit(email, name, access)

    async def visitor_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        await self._server.say(id, Author.VISITOR, body)

    async def agent_says(self, store: Store, id: ConversationId, body: str, at: float) -> None:
        await self._server.say(id, Author.AGENT, body)

    async def hand_off(self, store: Store, id: ConversationId, at: float) -> None:
        await self._server.hand_off(id)

    async def set_lead(self, store: Store, id: ConversationId, lead: Lead) -> None:
        await self._server.set_lead(id, lead)
