"""Short ways for tests to decide about one conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inbox_tui.domain.models import Assign, Conversation, ConversationId, MemberId, SetStatus, StateChange, Status
from inbox_tui.domain.outcomes import Outcome


class Decides(Protocol):
    """What is needed of a store."""

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations."""


async def decide(store: Decides, change: StateChange) -> Conversation:
    """The conversation after one change. Raises the refusal."""
    [outcome] = await store.decide([change])
    return outcome.result()


async def assign(
    store: Decides, id: ConversationId, member: MemberId | None, expected: MemberId | None
) -> Conversation:
    """Give a conversation to a member or to nobody. Raises the refusal."""
    return await decide(store, Assign(id, member, expected))


async def set_status(store: Decides, id: ConversationId, status: Status, expected: Status) -> Conversation:
    """Resolve or reopen a conversation. Raises the refusal."""
    return await decide(store, SetStatus(id, status, expected))
