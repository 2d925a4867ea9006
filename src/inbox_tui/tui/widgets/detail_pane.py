"""The open conversation: header, thread, and the reply box or the reason why there is none.

Passes down what it is told; what its parts say goes on up unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive
from textual.widgets import Static

from inbox_tui.domain.models import Conversation, ConversationId, Kind, Member, Message, Thread
from inbox_tui.domain.rules import held_by_other
from inbox_tui.tui.presenters.thread import PendingMessage
from inbox_tui.tui.widgets.detail_header import DetailHeader
from inbox_tui.tui.widgets.reply_box import ReplyBox
from inbox_tui.tui.widgets.reply_frame import MAX_LINES, MIN_LINES_SHOWN
from inbox_tui.tui.widgets.thread_view import ThreadView

NO_ACCESS = (
    "You cannot chat here. A workspace admin can grant access under Account → Team management (inbox-tui members)."
)
NO_SEARCH = (
    "You cannot search here. A workspace admin can grant access under Account → Team management (inbox-tui members)."
)
NOTHING_OPEN = "Nothing selected."
SHORT_BELOW = 9
"""Lines below which the header gives its second line to the thread."""
MIN_THREAD = 3
"""Lines that the thread keeps while the reply box grows."""


class DetailPane(Vertical):
    """Follows the highlight of the list."""

    DEFAULT_CSS = """
    DetailPane { width: 1fr; height: 1fr; padding: 0 0 0 1; }
    DetailPane.-short DetailHeader { height: 1; }
    DetailPane #no-access, DetailPane #nothing-open { height: auto; width: 1fr; color: $inbox-muted; }
    DetailPane #nothing-open { height: 1fr; content-align: center middle; text-align: center; }
    DetailPane #no-access { padding: 1 1 0 0; }
    """

    conversation: reactive[Conversation | None] = reactive(None, repaint=False)
    """The open conversation; None while nothing is highlighted."""
    can_chat: reactive[bool] = reactive(True, repaint=False)
    can_write: reactive[bool] = reactive(True, repaint=False)
    """The member may open threads, assign, reply and resolve."""
    me: reactive[Member | None] = reactive(None, repaint=False)
    """The member who is working."""
    shows_agent: reactive[bool] = reactive(False, repaint=False)
    """Name the AI agent in the header: conversations of all agents are listed."""

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        """``zone`` is the reader's time zone; None is that of this machine."""
        super().__init__(id=id)
        self._header = DetailHeader()
        self._thread = ThreadView(zone)
        self._reply = ReplyBox()
        self._no_access = Static(Content(NO_ACCESS), id="no-access", markup=False)
        self._nothing_open = Static(Content(NOTHING_OPEN), id="nothing-open", markup=False)

    def compose(self) -> ComposeResult:
        """All parts; which of them are seen depends on what is open and who is working."""
        yield self._header
        yield self._thread
        yield self._reply
        yield self._no_access
        yield self._nothing_open

    def on_mount(self) -> None:
        """Show what may be seen."""
        self._show_parts()

    def show_thread(self, thread: Thread) -> None:
        """Show the messages of the open conversation; those of another are not shown."""
        if self._is_open(thread.conversation.id):
            self._thread.show(thread)

    def prepend(self, thread: Thread) -> None:
        """Add earlier messages of the open conversation; what is on screen stays in place."""
        if self._is_open(thread.conversation.id):
            self._thread.prepend(thread)

    def append(self, message: Message) -> None:
        """Add a message to the open conversation."""
        self._thread.append(message)

    def show_pending(self, pending: Sequence[PendingMessage]) -> None:
        """Show what is on its way to the store, after the last message."""
        self._thread.show_pending(pending)

    def set_now(self, now: datetime) -> None:
        """Tell the present, by which waits are measured and days are named."""
        self._header.now = now
        self._thread.set_now(now)

    def bind_reply(
        self, conversation_id: ConversationId, kind: Kind, text: str, author_label: str, since: str = ""
    ) -> None:
        """Let the reply box write to this conversation, beginning with ``text``; ``since`` says how old that is."""
        self._reply.bind(conversation_id, kind, text, author_label, since)
        if self.is_mounted and not self._reply.has_editor:
            self.call_after_refresh(self._reply.ensure_editor)

    def clear_reply(self, conversation_id: ConversationId, kind: Kind) -> None:
        """Empty the reply box, if it still belongs to this conversation and to what was sent."""
        if (self._reply.conversation_id, self._reply.kind) == (conversation_id, kind):
            self._reply.clear()

    def focus_reply(self) -> None:
        """Let the next key go into the reply box."""
        if self.can_chat and self.conversation is not None:
            self._reply.focus_editor()

    def focus_thread(self) -> None:
        """Let the next key scroll the thread."""
        self.screen.set_focus(self._thread)

    def assign_anchor(self) -> Region:
        """The Assign button's place on the screen."""
        return self._header.assign_region()

    def watch_conversation(self, before: Conversation | None, conversation: Conversation | None) -> None:
        """Another conversation: its own header, and no longer the messages of the last one."""
        self._header.conversation = conversation
        self._show_holder()
        if (before.id if before else None) != (conversation.id if conversation else None):
            self._thread.begin(conversation)
        if (before is None) != (conversation is None):
            self._show_parts()

    def watch_me(self) -> None:
        """What somebody else had may be one's own now."""
        self._show_holder()

    def watch_can_chat(self, can_chat: bool) -> None:
        """Show the reply box and the buttons, or why they are not there."""
        self._header.can_chat = can_chat and self.can_write
        if not can_chat:
            self._thread.begin(None)
        self._show_parts()

    def watch_can_write(self, can_write: bool) -> None:
        """A store that can only be read: the thread is shown, the reply box and the buttons are not."""
        self._header.can_chat = self.can_chat and can_write
        self._show_parts()

    def watch_shows_agent(self, shows_agent: bool) -> None:
        """Name the agent, or not."""
        self._header.shows_agent = shows_agent

    def on_resize(self, event: events.Resize) -> None:
        """Share out the lines that there are."""
        height = event.size.height
        is_short = height < SHORT_BELOW
        self.set_class(is_short, "-short")
        room = height - (1 if is_short else 2) - MIN_THREAD
        self._reply.lines_at_most = max(MIN_LINES_SHOWN, min(MAX_LINES, room))

    def _show_holder(self) -> None:
        me, conversation = self.me, self.conversation
        holder = held_by_other(conversation, me) if conversation is not None and me is not None else None
        self._reply.show_holder(holder.label if holder is not None else "")

    def _is_open(self, id: ConversationId) -> bool:
        return self.conversation is not None and self.conversation.id == id

    def _show_parts(self) -> None:
        is_open = self.conversation is not None
        self._header.display = is_open
        self._thread.display = is_open and self.can_chat
        self._reply.display = is_open and self.can_chat and self.can_write
        self._no_access.display = is_open and not self.can_chat
        self._nothing_open.display = not is_open
