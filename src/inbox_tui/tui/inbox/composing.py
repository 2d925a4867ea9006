"""Writing to visitors and notes to the team: the box, what stops a send, what follows it.

A text leaves the box only on its way to the store and comes back if the store does
not take it. What may be sent is the store's to decide.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from inbox_tui.domain import rules
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import Conflict, InboxError, NotAllowed, NotFound, ProfileIncomplete
from inbox_tui.domain.models import Author, Conversation, ConversationId, Kind, Message, MessageId, Sent
from inbox_tui.tui.inbox.context import View
from inbox_tui.tui.inbox.editing import edited_outside
from inbox_tui.tui.inbox.leaving import finish
from inbox_tui.tui.inbox.outgoing import Pending, Replies
from inbox_tui.tui.inbox.requests import WRITE
from inbox_tui.tui.inbox.send_questions import ask_to_resolve, ask_to_send, is_busy
from inbox_tui.tui.inbox.undo_send import SendHold
from inbox_tui.tui.presenters.thread import OnItsWay
from inbox_tui.tui.presenters.times import moment

if TYPE_CHECKING:
    from inbox_tui.tui.dialogs.profile import Profile


class Writing:
    """What the member writes, from the first key to the store's answer."""

    def __init__(self, view: View, replies: Replies) -> None:
        self._view = view
        self._replies = replies
        self._is_finishing = False
        self._untold: set[str] = set()
        """Keys of replies from earlier whose arrival must not take the place of a sentence that is said once."""
        self._hold = SendHold(view.screen.set_timer, self._send)
        view.box.draft_of = replies.text
        view.list.show_drafts(replies.with_drafts)
        replies.drafted = view.list.show_draft

    @property
    def replies(self) -> Replies:
        """What is being written and what is on its way."""
        return self._replies

    def begin(self, kind: Kind | None) -> None:
        """Put the cursor into the box of the conversation that is shown; None: the box as it is, reply or note."""
        view = self._view
        conversation = view.pane.conversation
        if conversation is None or not (view.me.may_chat and view.work.store.capabilities.reply):
            return
        if kind is None and view.box.conversation_id == conversation.id:
            kind = view.box.kind
        if view.box.cannot_continue():  # whoever comes back into the box begins another text
            view.status.clear()
        self.bind(conversation.id, kind)
        view.touch()
        view.focus_box()

    def begun(self, id: ConversationId) -> None:
        """The author begins to write, having seen what is on screen."""
        newest = self._view.thread.newest_seen if self._view.is_shown(id) else None
        if newest is not None:  # a thread that is not read yet is seen once it is on screen
            self._replies.saw(id, newest)

    def thread_shown(self, id: ConversationId) -> None:
        """A thread came on screen, maybe only after its author had begun to write."""
        if self._view.is_writing and self._view.box.conversation_id == id and not self._replies.has_seen(id):
            self.begun(id)

    def follow(self, id: ConversationId) -> None:
        """Another conversation is highlighted: its draft comes into the box."""
        if self._view.is_writing:  # the list changed below the cursor: the next letter must not go to somebody else
            self._view.interrupt_writing()
        self.bind(id)
        self.show_under_way(id)

    def renamed(self) -> None:
        """The member may have another name now: say so on the box."""
        if self._view.box.conversation_id is not None:
            self.bind(self._view.box.conversation_id, self._view.box.kind)

    def bind(self, id: ConversationId, kind: Kind | None = None) -> None:
        """Show the draft of a conversation in the box: its reply, or its note if only that was begun."""
        drafted = self._replies.kinds(id)
        kind = kind or (drafted[0] if drafted else Kind.MESSAGE)
        text, begun = self._replies.text(id, kind), self._replies.begun(id, kind)
        since = ""
        if text.strip():
            since = f"draft since {moment(begun, self._view.clock())}" if begun is not None else "draft"
        self._view.pane.bind_reply(id, kind, text, self._view.me.label, since)

    def left(self, id: ConversationId) -> None:
        """The cursor left the box: what stays in it is a draft from now on, and nothing is gone on with."""
        if self._view.box.cannot_continue():
            self._view.status.clear()
        self.bind(id, self._view.box.kind)

    def keep(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Keep what is typed."""
        self._replies.keep(id, kind, text)

    def kind_changed(self, kind: Kind, *, is_joined: bool) -> None:
        """The reply became a note, or the note a reply."""
        view = self._view
        view.show_hints()
        if is_joined:
            name = "note" if kind is Kind.NOTE else "reply"
            view.status.say(f"You had begun a {name} here; it stands above your text")

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
    ) -> None:
        """Send in a moment, or at once; unless the profile must be completed first.

        A note resolves a visitor who waits only ``though_waiting``, and a reply goes ``though_unseen`` where the
        visitor wrote below what is on screen; otherwise the author is asked.
        """
        view = self._view
        me = view.me
        if kind is Kind.MESSAGE and not (me.name and me.badge):
            self._replies.keep(id, kind, text)
            self.ask_for_profile()
            return
        if and_resolve and kind is Kind.NOTE and not though_waiting and self._waits(id):
            self._ask_to_resolve(id, text, cursor)
            return
        unseen = rules.said_by_visitor(view.thread.unseen) if view.is_shown(id) and kind is Kind.MESSAGE else ()
        if unseen and not though_unseen:
            self._ask_to_send(id, text, unseen, and_resolve=and_resolve, cursor=cursor)
            return
        if not self._replies.has_seen(id):  # the button was clicked without a key in the box
            self.begun(id)
        pending = self._replies.submit(
            id,
            kind,
            text,
            auto_assign=view.settings.auto_assign,
            and_resolve=and_resolve,
            though_waiting=though_waiting,
            cursor=len(text) if cursor is None else cursor,
        )
        view.pane.clear_reply(id, kind)
        view.status.clear()  # what it says of the reply before could be read as of this one
        self._hold.hold(pending, 0 if at_once else view.settings.undo_send)
        self.show_under_way(id)
        if view.is_shown(id):
            view.thread.go_to_end()
        may_mean_a_line = not (and_resolve or view.tells_shift_enter)
        if pending.draft.key in self._hold and may_mean_a_line and view.box.conversation_id == id:
            view.box.can_continue(pending.draft.key, text, pending.cursor)
            if view.is_writing and not view.box.text:
                view.status.say("Not sent yet: keep typing to go on with it")
        else:
            self._hand_over(pending)

    def _waits(self, id: ConversationId) -> bool:
        known = self._known(id)
        return known is None or known.waiting_since is not None

    def _ask_to_resolve(self, id: ConversationId, text: str, cursor: int | None) -> None:
        """A note answers nobody: ask before it resolves a visitor who waits, and add it in any case."""

        def answered(agreed: bool) -> None:
            self.submit(id, Kind.NOTE, text, and_resolve=agreed, though_waiting=agreed, cursor=cursor)

        ask_to_resolve(self._view, self._visitor(id), answered)

    def _ask_to_send(
        self, id: ConversationId, text: str, unseen: tuple[Message, ...], *, and_resolve: bool, cursor: int | None
    ) -> None:
        """The visitor wrote what the author cannot have read: show it, and ask once."""
        view = self._view

        def answered(sends: bool) -> None:
            if sends:
                self.submit(id, Kind.MESSAGE, text, and_resolve=and_resolve, though_unseen=True, cursor=cursor)
            elif view.is_shown(id):
                view.thread.go_to_end()
                view.focus_box()

        self._replies.keep(id, Kind.MESSAGE, text)
        ask_to_send(view, id, unseen, text, answered, visitor=self._visitor(id))

    def take_back(self, id: ConversationId | None = None) -> bool:
        """Put what is held, of one conversation or (None) the last of all, back into its box."""
        view = self._view
        pending = self._hold.newest(id)
        if pending is None:
            return False
        self._hold.take(pending.draft.key)
        self._replies.failed(pending.draft.key)
        if not view.is_shown(pending.id):
            view.list.highlight(pending.id)
        if view.is_shown(pending.id):
            self.show_under_way(pending.id)
            self.bind(pending.id, pending.draft.kind)
            view.focus_box()
        view.status.say("Not sent. Your text is back in the box.")
        return True

    def continued(self, key: str) -> None:
        """Somebody typed on after Enter: the text is in the box already, and what was held is not sent."""
        pending = self._hold.take(key)
        self._replies.forget(key)
        if pending is not None:
            self.show_under_way(pending.id)
            self._view.status.say("Not sent yet: you typed on, so Enter began a new line")

    def resume(self) -> None:
        """Say what is not well with the drafts, and go on delivering what was sent before a restart."""
        if self._replies.problem:
            self._view.status.say(self._replies.problem, is_problem=True)
        delivery = self._view.work.delivery
        if delivery is None:
            return
        delivery.kept, delivery.given_back = self._replies.kept, self._replies.given_back
        for write in delivery.left():
            self._replies.resume(Pending(write.id, write.draft, write.and_resolve))
        left = self._replies.waiting
        for pending in left:
            self._view.run(self._view.work.send(pending), group=WRITE)
        if delivery.set_aside:
            self._untold = {pending.draft.key for pending in left}
        if delivery.problem or delivery.set_aside:
            self._view.status.say(delivery.problem or delivery.set_aside, is_problem=True)
        elif left:
            self._view.status.say(f"Delivering {counted(len(left), 'reply', 'replies')} from earlier")
        delivery.start()

    def line_changed(self) -> None:
        """The line to the store went down or came back: say so of what is on its way."""
        shown = self._view.pane.conversation
        if shown is not None:
            self.show_under_way(shown.id)

    async def finish(self) -> str:
        """Send what is held, wait for what is on its way, decisions too, and say what became of it."""
        self._is_finishing = self._view.is_leaving = True
        return await finish(self._view, self._replies, self._hold)

    def _send(self, pending: Pending) -> None:
        view = self._view
        if view.box.cannot_continue(pending.draft.key):
            view.status.clear()  # which says that typing goes on with it
            self._hand_over(pending)
        if pending.draft.key in self._replies:
            view.run(view.work.send(pending), group=WRITE)
            self.show_under_way(pending.id)

    def _hand_over(self, pending: Pending) -> None:
        """Let the list have the keys after sending, unless somebody went on typing or wants to stay."""
        view, after = self._view, self._view.settings.after_send
        is_there = view.is_writing and (view.box.conversation_id, view.box.kind) == (pending.id, pending.draft.kind)
        if after == "stay" or not is_there or view.box.text or self._is_finishing:
            return
        view.focus_list()
        if after == "next":
            view.go_on()
        if pending.draft.key in self._hold:
            what = "Writing the note" if pending.draft.kind is Kind.NOTE else f"Sending to {self._visitor(pending.id)}"
            view.say_of((view.list.highlighted or pending).id, f"{what} · {view.keys['inbox.undo']} undo")

    def _known(self, id: ConversationId) -> Conversation | None:
        """A conversation as the screen shows it; None where it does not."""
        view = self._view
        return view.pane.conversation if view.is_shown(id) else view.list.conversation(id)

    def _visitor(self, id: ConversationId) -> str:
        known = self._known(id)
        return known.visitor if known is not None else "the visitor"

    def show_under_way(self, id: ConversationId) -> None:
        """Show what is on its way at the end of the thread."""
        view = self._view
        if view.is_shown(id):
            now = view.clock()
            undo = view.keys["reply.undo" if view.is_writing else "inbox.undo"]
            view.pane.show_pending(
                [
                    OnItsWay(
                        as_message(pending, view, now),
                        self._state_of(pending, undo),
                    )
                    for pending in self._replies.under_way(id)
                ]
            )

    def _state_of(self, pending: Pending, undo: str) -> str:
        if pending.draft.key in self._hold:
            return f"sending · {undo} undo"
        return "waits for the line" if self._view.lost_at is not None else "sending…"

    def sent(self, key: str, sent: Sent) -> None:
        """The store has it."""
        pending = self._replies.sent(key, sent.message.id)
        view = self._view
        id = sent.conversation.id
        view.threads.forget(id)
        view.show_conversation(sent.conversation)
        view.show_connection()
        if view.is_shown(id):
            view.pane.append(sent.message)
            self.show_under_way(id)
            view.refresh_open_thread()
        if pending is not None and not pending.and_resolve and key not in self._untold:
            view.status.say(
                "Note written" if pending.draft.kind is Kind.NOTE else f"Sent to {sent.conversation.visitor}"
            )
        view.read_counts()

    def still_waiting(self, conversation: Conversation) -> None:
        """A note was to resolve somebody who has begun to wait since, or of whom nobody was asked."""
        self._view.status.say(
            f"The note is written. {conversation.visitor} waits for an answer, so nothing was resolved.",
            is_problem=True,
        )

    def failed(self, id: ConversationId, key: str, error: InboxError) -> None:
        """The store has it not: the text is back, with the reason and what can be done."""
        view = self._view
        busy = is_busy(view, id)
        pending = self._replies.failed(key)
        view.show_connection()
        if pending is None or self._is_finishing:
            return
        if view.is_shown(id):
            self.show_under_way(id)
            self._show_again(pending)
        if isinstance(error, Conflict) and busy:
            view.status.say(f"Not sent to {self._visitor(id)}: {error.message} Your text is kept.", is_problem=True)
        elif isinstance(error, Conflict):
            self._ask_about(pending, error)
        elif isinstance(error, ProfileIncomplete):
            self.ask_for_profile()
        elif isinstance(error, (NotFound, NotAllowed)):
            where = f"{view.keys['app.commands']}, Texts without a conversation."
            is_gone = isinstance(error, NotFound)
            what = "The conversation is gone; your text is kept:" if is_gone else f"{error.message} Your text is kept."
            view.status.say(f"{what} {where}", is_problem=True)
        else:
            view.status.say(f"{error.message} Your text is kept. {error.hint}", is_problem=True)

    def ask_for_profile(self) -> None:
        """Ask for the display name and avatar that a reply needs; the text stays in the box."""
        from inbox_tui.tui.dialogs.profile import ProfileModal  # not on the first screen

        view = self._view

        def answered(profile: Profile | None) -> None:
            if profile is not None:
                view.save_profile(profile.name, profile.badge)
                self.renamed()
                view.status.say("Profile saved. Your text is in the box.")
            view.focus_box()

        view.screen.app.push_screen(ProfileModal(view.me.name, view.me.badge), answered)

    def edit_outside(self, id: ConversationId, kind: Kind, text: str) -> None:
        """Let the member write in an editor of their own; the result is the draft."""
        view = self._view
        edited = edited_outside(view, text)
        if edited is None:
            return
        self._replies.keep(id, kind, edited)
        if view.is_shown(id):
            self.bind(id, kind)
            view.focus_box()

    def _show_again(self, pending: Pending) -> None:
        """Show what is left of a text that was sent. A note that is being written must not become a reply by that."""
        view = self._view
        if not view.is_writing or view.box.kind is pending.draft.kind:
            self.bind(pending.id, pending.draft.kind)

    def _ask_about(self, pending: Pending, conflict: Conflict) -> None:
        view = self._view

        def answered(sends: bool) -> None:
            newest = conflict.messages[-1].id if conflict.messages else None
            self._replies.saw(pending.id, newest)
            if sends:
                draft = pending.draft
                since = self._replies.text(pending.id, draft.kind).removeprefix(draft.body).removeprefix("\n")
                self.submit(
                    pending.id,
                    draft.kind,
                    draft.body,
                    and_resolve=pending.and_resolve,
                    though_unseen=True,
                    at_once=True,
                )
                self._replies.keep(pending.id, draft.kind, since)
                if view.is_shown(pending.id):
                    self._show_again(pending)
            elif view.is_shown(pending.id):
                self.bind(pending.id, pending.draft.kind)
                view.focus_box()

        view.threads.forget(pending.id)
        view.refresh_open_thread()
        ask_to_send(view, pending.id, conflict.messages, pending.draft.body, answered)


def as_message(pending: Pending, view: View, now: datetime) -> Message:
    """What is on its way, as the thread will show it once the store has it."""
    draft = pending.draft
    return Message(MessageId(f"pending-{draft.key}"), Author.MEMBER, draft.kind, draft.body, now, view.me, draft.key)
