"""Nothing is sent twice and nothing is lost when the answer to a write does not come.

A store with keys knows a repeat by its key; one without looks before it sends again. The
fixture ``line`` breaks the line between the store and its server.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from inbox_tui.domain.errors import StoreUnavailable
from inbox_tui.domain.models import Kind, ReplyDraft, Sent
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, last_seen, messages
from inbox_tui.testing.factories import incoming


class BreakingLine(Protocol):
    """The line of a test to its server."""

    def lose_answer(self) -> None:
        """The next write is done, and its answer gets lost."""

    def lose_request(self) -> None:
        """The next write does not arrive."""


async def bodies(store: Store) -> list[str]:
    """What was said and noted in the thread."""
    return [message.body for message in await messages(store) if message.kind is not Kind.EVENT]


async def attempt(store: Store, draft: ReplyDraft) -> Sent | None:
    """Send over a line that breaks; None where the store gave up. It may as well have tried again by itself."""
    try:
        return await store.reply(C1, draft)
    except StoreUnavailable:
        return None


class TwiceContract(Contract):
    """A write that is repeated because nobody knows whether it was done: for a store over a line that may fail."""

    @pytest.fixture
    def line(self) -> BreakingLine:
        """Override this: how the line of this test breaks."""
        raise NotImplementedError("A store over a line overrides the fixture line.")

    @pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.NOTE])
    async def test_what_was_sent_is_found_though_its_answer_was_lost(
        self, line: BreakingLine, dana: Store, kind: Kind
    ) -> None:
        """The same key again is the same message."""
        await self.seed(dana, incoming("c-1"))
        draft = ReplyDraft("On it", "k-1", kind, last_seen=await last_seen(dana))
        line.lose_answer()
        await attempt(dana, draft)
        again = await dana.reply(C1, draft)
        assert (again.was_known, again.message.body, again.message.key) == (True, "On it", "k-1")
        assert await bodies(dana) == ["Hello", "On it"]

    @pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.NOTE])
    async def test_what_did_not_arrive_is_sent_once(self, line: BreakingLine, dana: Store, kind: Kind) -> None:
        """By the same key again."""
        await self.seed(dana, incoming("c-1"))
        draft = ReplyDraft("On it", "k-1", kind, last_seen=await last_seen(dana))
        line.lose_request()
        if await attempt(dana, draft) is None:
            assert await bodies(dana) == ["Hello"]
            assert not (await dana.reply(C1, draft)).was_known
        assert (await dana.reply(C1, draft)).was_known
        assert await bodies(dana) == ["Hello", "On it"]
