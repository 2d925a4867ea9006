"""The dialogs that ask before a text is sent, each imported on first use."""

from __future__ import annotations

from collections.abc import Callable

from inbox_tui.domain.models import ConversationId, Message
from inbox_tui.tui.inbox.context import InboxContext


def is_busy(context: InboxContext, id: ConversationId) -> bool:
    """Whether the member is typing elsewhere, so that an unexpected dialog would take their keys."""
    if context.screen.app.screen is not context.screen or context.header.is_searching:
        return True
    return context.is_writing and context.box.conversation_id != id


def ask_to_resolve(context: InboxContext, visitor: str, answered: Callable[[bool], None]) -> None:
    """A note answers nobody: ask before it resolves a visitor who waits."""
    from inbox_tui.tui.dialogs.confirm import ConfirmDialog  # not on the first screen

    question = f"{visitor} waits for an answer, and a note does not give one. Mark it resolved anyway?"
    modal = ConfirmDialog(question, "Add the note and mark resolved", "Only add the note")
    context.screen.app.push_screen(modal, lambda resolves: answered(bool(resolves)))


def ask_to_send(
    context: InboxContext,
    id: ConversationId,
    written: tuple[Message, ...],
    text: str,
    answered: Callable[[bool], None],
    *,
    visitor: str = "",
) -> None:
    """Show what colleagues (or the ``visitor``, if given) wrote meanwhile, and ask whether to send."""
    from inbox_tui.tui.dialogs.conflict import ConflictDialog  # not on the first screen

    modal = ConflictDialog(written, text, context.keys["reply.send-anyway"], conversation=id, visitor=visitor)
    context.screen.app.push_screen(modal, lambda choice: answered(choice == "send"))
