"""Checks a state change against the store's capabilities."""

from __future__ import annotations

from typing import assert_never

from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import Assign, SetStatus, StateChange
from inbox_tui.store.protocol import Capabilities


def unsupported(change: StateChange, capabilities: Capabilities) -> Unsupported | None:
    """The refusal of a change that the store cannot make; None if it can."""
    match change:
        case Assign():
            is_possible, what = capabilities.assign, "assign conversations"
        case SetStatus():
            is_possible, what = capabilities.resolve, "resolve or reopen conversations"
        case _:
            assert_never(change)
    return None if is_possible else Unsupported(f"This store cannot {what}.")
