"""Writing to visitors and notes to the team: the box, the draft in it, and who writes it.

It sends nothing; ``sending`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbox_tui.domain.models import Conversation, ConversationId, Kind
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.outgoing import Replies
from inbox_tui.tui.presenters.times import moment

if TYPE_CHECKING:
    from inbox_tui.tui.dialogs.profile import Profile


class ComposeController:
    """The member's text until it is sent."""

    def __init__(self, context: InboxContext, replies: Replies) -> None:
        self._context = context
        self._replies = replies
        context.box.draft_of = replies.text
        context.list.show_drafts(replies.with_drafts)
        replies.drafted = context.list.show_draft

    @property
    def replies(self) -> Replies:
        """Drafts and outgoing messages."""
        return self._replies

    def begin(self, kind: Kind | None) -> None:
        """Put the cursor into the open conversation's box; None keeps its mode, reply or note."""
        context = self._context
        conversation = context.pane.conversation
        if conversation is None or not (context.me.may_chat and context.work.store.capabilities.reply):
            return
        if kind is None and context.box.conversation_id == conversation.id:
            kind = context.box.kind
        if context.box.cannot_continue():  # whoever comes back into the box begins another text
            context.status.clear()
        self.bind(conversation.id, kind)
        context.touch()
        context.focus_box()

    def begun(self, id: ConversationId) -> None:
        """The author begins to write, and has seen the screen."""
        newest = self._context.thread.newest_seen if self._context.is_shown(id) else None
        if newest is not None:  # a thread that is not read yet is seen once it is on screen
            self._replies.saw(id, newest)

    def thread_shown(self, id: ConversationId) -> None:
        """A thread appeared on screen, perhaps after its author began to write."""
        if self._context.is_writing and self._context.box.conversation_id == id and not self._replies.has_seen(id):
            self.begun(id)

    def follow(self, id: ConversationId) -> None:
        """Another conversation is highlighted: its draft comes into the box."""
        if self._context.is_writing:  # the list changed below the cursor: the next letter must not go to somebody else
            self._context.interrupt_writing()
            self._context.status.say("What you wrote in is gone from the screen. Your text is kept.", is_problem=True)
        self.bind(id)

    def renamed(self) -> None:
        """The member may have another name now: say so on the box."""
        if self._context.box.conversation_id is not None:
            self.bind(self._context.box.conversation_id, self._context.box.kind)

    def bind(self, id: ConversationId, kind: Kind | None = None) -> None:
        """Show the draft of a conversation in the box: its reply, or its note if only that was begun."""
        drafted = self._replies.kinds(id)
        kind = kind or (drafted[0] if drafted else Kind.MESSAGE)
        text, begun = self._replies.text(id, kind), self._replies.begun(id, kind)
        since = ""
        if text.strip():
            since = f"draft since {moment(begun, self._context.clock())}" if begun is not None else "draft"
        self._context.pane.bind_reply(id, kind, text, self._context.me.label, since)

    def left(self, id: ConversationId) -> None:
        """The cursor left the box: its text is a draft now, and typing no longer continues a sent text."""
        if self._context.box.cannot_continue():
            self._context.status.clear()
        self.bind(id, self._context.box.kind)

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Save the typed text as a draft."""
        self._replies.keep(id, kind, text)

    def kind_changed(self, kind: Kind, *, is_joined: bool) -> None:
        """The reply became a note, or the note a reply."""
        context = self._context
        if is_joined:
            name = "note" if kind is Kind.NOTE else "reply"
            context.status.say(f"You had begun a {name} here; it stands above your text")

    def known(self, id: ConversationId) -> Conversation | None:
        """A conversation as the screen shows it; None if it is not on screen."""
        context = self._context
        return context.pane.conversation if context.is_shown(id) else context.list.conversation(id)

    def visitor(self, id: ConversationId) -> str:
        """The visitor's name, as far as the screen knows it."""
        known = self.known(id)
        return known.visitor if known is not None else "the visitor"

    def ask_for_profile(self) -> None:
        """Open the dialog for the display name and avatar that a reply needs; the text stays in the box."""
        from inbox_tui.tui.dialogs.profile import ProfileDialog  # not on the first screen

        context = self._context

        def answered(profile: Profile | None) -> None:
            if profile is not None:
                context.save_profile(profile.name, profile.badge)
                self.renamed()
                context.status.say("Profile saved. Your text is in the box.")
            context.focus_box()

        context.screen.app.push_screen(ProfileDialog(context.me.name, context.me.badge), answered)

    def edit_outside(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Open the draft in the member's editor and take over the result."""
        from inbox_tui.tui.inbox.editing import edited_outside  # not on the first screen

        context = self._context
        edited = edited_outside(context, text)
        if edited is None:
            return
        self._replies.keep(id, kind, edited)
        if context.is_shown(id):
            self.bind(id, kind)
            context.focus_box()

    def show_again(self, pending: ReplyWrite) -> None:
        """Show the unsent rest of a text. It must not turn a note in progress into a reply."""
        context = self._context
        if not context.is_writing or context.box.kind is pending.draft.kind:
            self.bind(pending.id, pending.draft.kind)
