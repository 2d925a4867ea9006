"""Drafts for conversations that cannot be opened any more.

No list shows such a conversation, so the palette leads here: to read a text whole, to
discard it, or to open the conversation if it exists after all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.models import Conversation, ConversationId
from inbox_tui.local.journal import Draft
from inbox_tui.tui.dialogs.confirm import ConfirmDialog
from inbox_tui.tui.dialogs.lost_texts import LostTextDialog, LostTextsDialog

if TYPE_CHECKING:
    from inbox_tui.tui.dialogs.lost_texts import Wish
    from inbox_tui.tui.inbox.context import InboxContext
    from inbox_tui.tui.inbox.outgoing import Replies


_GROUP = "lost texts"


class LostTexts:
    """Shows these drafts, and acts on the one that the member chooses.

    Args:
        view: The inbox context.
        replies: The member's drafts.
        go_to: Highlights a conversation.
    """

    def __init__(self, context: InboxContext, replies: Replies, go_to: Callable[[Conversation], None]) -> None:
        self._context = context
        self._replies = replies
        self._go_to = go_to

    def look(self) -> None:
        """Ask the store which drafts have no conversation, and show them."""
        self._context.run(self._show(), group=_GROUP, exclusive=True)

    async def _show(self) -> None:
        try:
            texts = await self._context.work.lost_texts(self._replies.drafts())
        except InboxError as error:
            self._context.failed("look for your texts", error)
            return
        if self._context.screen.is_current:

            def chosen(text: Draft | None) -> None:
                if text is not None:
                    self._read(text)

            self._context.screen.app.push_screen(LostTextsDialog(texts), chosen)

    def _read(self, text: Draft) -> None:
        def decided(wish: Wish | None) -> None:
            if wish == "discard":
                self._ask_to_discard(text)
            elif wish == "open":
                self._context.run(self._open(text.conversation), group=_GROUP, exclusive=True)
            elif wish == "back":
                self.look()

        self._context.screen.app.push_screen(LostTextDialog(text), decided)

    def _ask_to_discard(self, text: Draft) -> None:
        def answered(is_wanted: bool | None) -> None:
            if is_wanted:
                self._replies.keep(text.conversation, text.kind, "")
                self._context.status.say("The text was discarded")
            self.look()

        question = "Discard this text? It cannot be brought back."
        self._context.screen.app.push_screen(ConfirmDialog(question, "Discard it", "Keep it"), answered)

    async def _open(self, id: ConversationId) -> None:
        """Highlight the conversation, if it exists after all."""
        try:
            found = await self._context.work.find(id)
        except InboxError as error:
            self._context.failed("look for the conversation", error)
            return
        if found is None:
            self._context.status.say("That conversation does not exist. Your text is kept.", is_problem=True)
        elif not self._context.me.may_chat:
            self._context.status.say("You may not open conversations. Your text is kept.", is_problem=True)
        else:
            self._go_to(found)
            self._context.status.say("The conversation exists; your text is in its box")
