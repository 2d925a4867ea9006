"""What is asked before a text is sent: each question in a window of its own, loaded when it is first asked."""

from __future__ import annotations

from collections.abc import Callable

from inbox_tui.domain.models import ConversationId, Message
from inbox_tui.tui.inbox.context import View


def is_busy(view: View, id: ConversationId) -> bool:
    """Whether somebody is typing elsewhere: a question that comes by itself would take the keys away."""
    if view.screen.app.screen is not view.screen or view.header.is_searching:
        return True
    return view.is_writing and view.box.conversation_id != id


def ask_to_resolve(view: View, visitor: str, answered: Callable[[bool], None]) -> None:
    """A note answers nobody: ask before it resolves a visitor who waits."""
    from inbox_tui.tui.dialogs.confirm import ConfirmModal  # not on the first screen

    question = f"{visitor} waits for an answer, and a note does not give one. Mark it resolved anyway?"
    modal = ConfirmModal(question, "Add the note and mark resolved", "Only add the note")
    view.screen.app.push_screen(modal, lambda resolves: answered(bool(resolves)))


def ask_to_send(
    view: View,
    id: ConversationId,
    written: tuple[Message, ...],
    text: str,
    answered: Callable[[bool], None],
    *,
    visitor: str = "",
) -> None:
    """Show what colleagues, or the ``visitor`` where one is named, wrote meanwhile, and ask whether to send."""
    from inbox_tui.tui.dialogs.conflict import ConflictModal  # not on the first screen

    modal = ConflictModal(written, text, view.keys["reply.send-anyway"], conversation=id, visitor=visitor)
    view.screen.app.push_screen(modal, lambda choice: answered(choice == "send"))
