"""Which kinds of state change a store can make, by its capabilities."""

from __future__ import annotations

from typing import assert_never

from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import Assign, SetStatus, StateChange
from inbox_tui.store.protocol import Capabilities


def unsupported(change: StateChange, capabilities: Capabilities) -> Unsupported | None:
    """The refusal of a change of a kind that the store cannot make; None for all others."""
    match change:
        case Assign():
            is_possible, what = capabilities.assign, "assign conversations"
        case SetStatus():
            is_possible, what = capabilities.resolve, "resolve or reopen conversations"
        case _:
            assert_never(change)
    return None if is_possible else Unsupported(f"This store cannot {what}.")
