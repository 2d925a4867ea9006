"""Sends replies and notes: the checks before, the seconds for undo, and the steps after.

A text leaves the box only to go to the store, and comes back if the store refuses it. The
store decides what may be sent.
"""

from __future__ import annotations

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import (
    Conflict,
    InboxError,
    NotAllowed,
    NotFound,
    ProfileIncomplete,
    StoreBroken,
    StoreUnavailable,
)
from inbox_tui.domain.models import Conversation, ConversationId, Kind, Message, Sent
from inbox_tui.domain.writes import ReplyWrite
from inbox_tui.tui.inbox.composing import ComposeController
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.outgoing import Replies, as_message
from inbox_tui.tui.inbox.requests import WRITE
from inbox_tui.tui.inbox.send_questions import ask_to_resolve, ask_to_send, is_busy
from inbox_tui.tui.inbox.undo_send import UndoSendQueue
from inbox_tui.tui.presenters.thread import PendingMessage


class SendController:
    """Handles a sent text until the store has it or it is back in its box."""

    def __init__(self, context: InboxContext, composing: ComposeController, replies: Replies) -> None:
        self._context = context
        self._composing = composing
        self._replies = replies
        self._is_finishing = False
        self._untold: set[str] = set()
        """Keys of earlier replies whose arrival must not replace a message that is shown once."""
        self._hold = UndoSendQueue(context.screen.set_timer, self._send)

    def follow(self, id: ConversationId) -> None:
        """Another conversation is highlighted: show its draft in the box, and its outgoing messages in the thread."""
        self._composing.follow(id)
        self.show_under_way(id)

    def submit(
        self,
        id: ConversationId,
        kind: Kind,
        text: str,
        *,
        and_resolve: bool = False,
        though_waiting: bool = False,
        though_unseen: bool = False,
        cursor: int | None = None,
        at_once: bool = False,
        rest: str = "",
    ) -> None:
        """Send after the undo time, or at once; ask for the profile first if it is incomplete.

        A note resolves a visitor who waits only ``though_waiting``, and a reply goes ``though_unseen`` where the
        visitor wrote below what is on screen; otherwise the author is asked. ``rest`` stays in the box.
        """
        context = self._context
        me = context.me
        if kind is Kind.MESSAGE and not (me.name and me.badge):
            self._replies.keep(id, kind, text)
            self._composing.ask_for_profile()
            return
        if and_resolve and kind is Kind.NOTE and not though_waiting and self._waits(id):
            self._ask_to_resolve(id, text, cursor)
            return
        unseen = rules.said_by_visitor(context.thread.unseen) if context.is_shown(id) and kind is Kind.MESSAGE else ()
        if unseen and not though_unseen:
            self._ask_to_send(id, text, unseen, and_resolve=and_resolve, cursor=cursor)
            return
        if not self._replies.has_seen(id):  # the button was clicked without a key in the box
            self._composing.begun(id)
        pending = self._replies.submit(
            id,
            kind,
            text,
            auto_assign=context.settings.auto_assign,
            and_resolve=and_resolve,
            though_waiting=though_waiting,
            cursor=len(text) if cursor is None else cursor,
            rest=rest,
        )
        context.pane.clear_reply(id, kind)
        context.status.clear()  # what it says of the reply before could be read as of this one
        self._hold.hold(pending, 0 if at_once else context.settings.undo_send)
        self.show_under_way(id)
        if context.is_shown(id):
            context.thread.go_to_end()
        may_mean_a_line = not (and_resolve or context.tells_shift_enter)
        if pending.draft.key in self._hold and may_mean_a_line and context.box.conversation_id == id:
            context.box.can_continue(pending.draft.key, text, pending.cursor)
            if context.is_writing and not context.box.text:
                context.status.say("Not sent yet: keep typing to go on with it", is_done=False)
        else:
            self._hand_over(pending)

    def _waits(self, id: ConversationId) -> bool:
        known = self._composing.known(id)
        return known is None or known.waiting_since is not None

    def _ask_to_resolve(self, id: ConversationId, text: str, cursor: int | None) -> None:
        """A note answers nobody: ask before it resolves a visitor who waits, and add it in any case."""

        def answered(agreed: bool) -> None:
            self.submit(id, Kind.NOTE, text, and_resolve=agreed, though_waiting=agreed, cursor=cursor)

        ask_to_resolve(self._context, self._visitor(id), answered)

    def _ask_to_send(
        self, id: ConversationId, text: str, unseen: tuple[Message, ...], *, and_resolve: bool, cursor: int | None
    ) -> None:
        """The visitor wrote something that the author has not seen: show it, and ask once."""
        context = self._context

        def answered(sends: bool) -> None:
            if sends:
                self.submit(id, Kind.MESSAGE, text, and_resolve=and_resolve, though_unseen=True, cursor=cursor)
            elif context.is_shown(id):
                context.thread.go_to_end()
                context.focus_box()

        self._replies.keep(id, Kind.MESSAGE, text)
        ask_to_send(context, id, unseen, text, answered, visitor=self._visitor(id))

    def _visitor(self, id: ConversationId) -> str:
        return self._composing.visitor(id)

    def take_back(self, id: ConversationId | None = None) -> bool:
        """Put the last held text, of one conversation or (None) of any, back into its box."""
        context = self._context
        pending = self._hold.newest(id)
        if pending is None:
            return False
        self._hold.take(pending.draft.key)
        self._replies.failed(pending.draft.key)
        if not context.is_shown(pending.id):
            context.list.highlight(pending.id)
        if context.is_shown(pending.id):
            self.show_under_way(pending.id)
            self._composing.bind(pending.id, pending.draft.kind)
            context.focus_box()
        context.status.say("Send cancelled. Your text is back in the box.")
        return True

    def continued(self, key: str) -> None:
        """The member typed on after Enter: the text is in the box already, so do not send the held one."""
        pending = self._hold.take(key)
        self._replies.forget(key)
        if pending is not None:
            self.show_under_way(pending.id)
            self._context.status.say("Not sent: you kept typing, so Enter became a new line", is_done=False)

    def resume(self) -> None:
        """Report problems with the drafts, and resume delivering replies from before a restart."""
        if self._replies.problem:
            self._context.status.say(self._replies.problem, is_problem=True)
        writes, set_aside = self._context.work.writes, self._replies.set_aside
        left = writes.left()
        for write in left:
            self._replies.resume(write)
            self._context.run(self._context.work.send(write), group=WRITE)
        if set_aside:
            self._untold = {write.draft.key for write in left}
            self._context.status.say(set_aside, is_problem=True)
        elif left and not self._replies.problem:
            self._context.status.say(f"Sending {counted(len(left), 'queued reply', 'queued replies')}")
        writes.start(self._context.work)

    def line_changed(self) -> None:
        """The connection to the store was lost or came back: show that on outgoing messages."""
        shown = self._context.pane.conversation
        if shown is not None:
            self.show_under_way(shown.id)

    async def finish(self) -> str:
        """Send held replies, wait for outgoing replies and decisions, and return the result in words."""
        self._is_finishing = self._context.is_leaving = True
        from inbox_tui.tui.inbox.leaving import finish  # not on the first screen

        return await finish(self._context, self._replies, self._hold)

    def _send(self, pending: ReplyWrite) -> None:
        context = self._context
        if context.box.cannot_continue(pending.draft.key):
            context.status.clear()  # which says that typing goes on with it
            self._hand_over(pending)
        if pending.draft.key in self._replies:
            context.run(context.work.send(pending), group=WRITE)
            self.show_under_way(pending.id)

    def _hand_over(self, pending: ReplyWrite) -> None:
        """Move the focus to the list after sending, unless the member went on typing or wants to stay."""
        context, after = self._context, self._context.settings.after_send
        written, in_box = (pending.id, pending.draft.kind), (context.box.conversation_id, context.box.kind)
        is_there = context.is_writing and written == in_box
        if after == "stay" or not is_there or context.box.text or self._is_finishing:
            return
        context.focus_list()
        if after == "next":
            context.go_on()
        if pending.draft.key in self._hold:
            what = "Adding the note" if pending.draft.kind is Kind.NOTE else f"Sending to {self._visitor(pending.id)}"
            context.say_of((context.list.highlighted or pending).id, f"{what} · {context.keys['inbox.undo']} undo")

    def show_under_way(self, id: ConversationId) -> None:
        """Show outgoing messages at the end of the thread."""
        context = self._context
        if context.is_shown(id):
            now = context.clock()
            undo = context.keys["reply.undo" if context.is_writing else "inbox.undo"]
            context.pane.show_pending(
                [
                    PendingMessage(as_message(pending, context.me, now), self._state_of(pending, undo))
                    for pending in self._replies.under_way(id)
                ]
            )

    def _state_of(self, pending: ReplyWrite, undo: str) -> str:
        if pending.draft.key in self._hold:
            return f"sending · {undo} undo"
        if self._context.lost_at is not None:
            return "queued, offline"
        return "◌ sent, not confirmed" if pending.draft.key == self._context.work.writes.unconfirmed else "sending…"

    def sent(self, key: str, sent: Sent) -> None:
        """The store has it."""
        pending = self._replies.sent(key, sent.message.id)
        context = self._context
        id = sent.conversation.id
        context.threads.forget(id)
        context.painter.show((id,))
        context.show_connection()
        if context.is_shown(id):
            context.pane.append(sent.message)
            self.show_under_way(id)
        if pending is not None and not pending.and_resolve and key not in self._untold:
            context.status.say(
                "Note added" if pending.draft.kind is Kind.NOTE else f"Sent to {sent.conversation.visitor}"
            )
        context.refresh()

    def still_waiting(self, conversation: Conversation) -> None:
        """A note should resolve a conversation, but its visitor waits and the author did not confirm that."""
        self._context.status.say(
            f"Note added. {conversation.visitor} waits for an answer, so nothing was resolved.",
            is_problem=True,
        )

    def failed(self, id: ConversationId, key: str, error: InboxError) -> None:
        """The store does not have it: the text is back, with the reason and a hint."""
        context = self._context
        busy = is_busy(context, id)
        since = self._replies.typed_since(key)
        pending = self._replies.failed(key)
        context.show_connection()
        if pending is None or self._is_finishing:
            return
        if context.is_shown(id):
            self.show_under_way(id)
            self._composing.show_again(pending)
        if isinstance(error, Conflict) and busy:
            context.status.say(f"Not sent to {self._visitor(id)}: {error.message} Your text is kept.", is_problem=True)
        elif isinstance(error, Conflict):
            self._ask_about(pending, error, since)
        elif isinstance(error, ProfileIncomplete):
            self._composing.ask_for_profile()
        elif isinstance(error, (NotFound, NotAllowed)):
            where = f"{context.keys['app.commands']}, Texts without a conversation."
            is_gone = isinstance(error, NotFound)
            what = "The conversation is gone; your text is kept:" if is_gone else f"{error.message} Your text is kept."
            context.status.say(f"{what} {where}", is_problem=True)
        else:
            in_doubt = isinstance(error, (StoreUnavailable, StoreBroken)) and error.maybe_done
            hint = "It may have been sent: look at the thread first." if in_doubt else error.hint
            context.status.say(f"{error.message} Your text is kept. {hint}", is_problem=True)

    def _ask_about(self, pending: ReplyWrite, conflict: Conflict, since: str) -> None:
        context = self._context

        def answered(sends: bool) -> None:
            newest = conflict.messages[-1].id if conflict.messages else None
            self._replies.saw(pending.id, newest)
            if sends:
                self.submit(
                    pending.id,
                    pending.draft.kind,
                    pending.draft.body,
                    and_resolve=pending.and_resolve,
                    though_unseen=True,
                    at_once=True,
                    rest=since,
                )
                if context.is_shown(pending.id):
                    self._composing.show_again(pending)
            elif context.is_shown(pending.id):
                self._composing.bind(pending.id, pending.draft.kind)
                context.focus_box()

        context.threads.forget(pending.id)
        context.refresh_open_thread()
        ask_to_send(context, pending.id, conflict.messages, pending.draft.body, answered)
