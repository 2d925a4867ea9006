"""The outcome of a change of state: made, or refused with a typed error."""

from __future__ import annotations

import msgspec

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import Conversation, StateChange


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of one StateChange. It holds an error, so ``store.api.ChangeResult`` travels in its place."""

    change: StateChange
    before: Conversation | None
    """As it was when the change was decided. None if it does not exist, or if an earlier attempt may have made the
    change already, and its answer was lost."""
    after: Conversation | None
    """As it is now; None if the change was refused."""
    refusal: InboxError | None = None
    """Why the change was refused; None if it was made."""

    def result(self) -> Conversation:
        """The conversation after the change. Raises the refusal."""
        if self.refusal is not None:
            raise self.refusal
        assert self.after is not None
        return self.after


def refused(change: StateChange, before: Conversation | None, refusal: InboxError) -> Outcome:
    """The outcome of a change that was not made. It drops the error's traceback, which keeps a transaction alive."""
    return Outcome(change, before, None, refusal.with_traceback(None))
