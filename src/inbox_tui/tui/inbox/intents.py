"""Passes the widgets' intents to the part of the inbox that acts on them.

Decides nothing; the controllers do.
"""

from __future__ import annotations

from textual import on
from textual.message import Message

from inbox_tui.domain.models import Kind
from inbox_tui.tui.inbox.prompts import Prompts
from inbox_tui.tui.inbox.reports import ReportHandlers
from inbox_tui.tui.widgets.conversation_list import ConversationList
from inbox_tui.tui.widgets.detail_header import DetailHeader
from inbox_tui.tui.widgets.filter_bar import FilterBar
from inbox_tui.tui.widgets.list_header import ListHeader
from inbox_tui.tui.widgets.reply_box import ReplyBox
from inbox_tui.tui.widgets.thread_view import ThreadView
from inbox_tui.tui.widgets.thread_wants import EndWanted, HitMissed, HitWanted, LaterWanted
from inbox_tui.tui.widgets.top_bar import TopBar


class IntentHandlers(ReportHandlers):
    """A screen that passes its widgets' intents to the controllers."""

    prompts: Prompts

    def on_descendant_focus(self) -> None:
        """The hints differ inside and outside the reply box."""
        self.hints.show()
        if self.context.pane.conversation is not None:
            self.sending.show_under_way(self.context.pane.conversation.id)

    @on(FilterBar.Chosen)
    def choose_filter(self, event: FilterBar.Chosen) -> None:
        """A filter was clicked."""
        event.stop()
        self.listing.change(filter=event.filter, order=None)

    @on(ConversationList.Highlighted)
    def follow_highlight(self, event: ConversationList.Highlighted) -> None:
        """Another row: its conversation comes into the pane."""
        event.stop()
        shown = self.context.pane.conversation
        if shown is not None and event.conversation is not None and event.conversation.id != shown.id:
            self.context.status.clear()  # but a list that fills, or of which nothing is left, has its own words to say
        self.reading.follow(event.conversation)
        self.context.arrived(event.conversation)
        if event.conversation is not None:
            self.assigned.saw(event.conversation.id)

    @on(ConversationList.PageWanted)
    def read_page(self, event: ConversationList.PageWanted) -> None:
        """The member scrolled to rows that are not loaded."""
        event.stop()
        self.listing.read_page(event.request)

    @on(ConversationList.Opened)
    def open_conversation(self, event: ConversationList.Opened) -> None:
        """Enter on a row: write into the box that is shown; where the list fills the screen, first read."""
        event.stop()
        if self.has_class("-narrow") and not self.has_class("-reading"):
            self.add_class("-reading")
            self.context.pane.focus_thread()
        else:
            self._begin(None)

    @on(ConversationList.EmptyOpened)
    def open_nothing(self, event: ConversationList.EmptyOpened) -> None:
        """Enter on an empty list: offer what could fill it."""
        event.stop()
        if self.listing.is_unused:
            self.prompts.welcome()

    @on(ConversationList.SelectionChanged)
    def show_selection(self, event: ConversationList.SelectionChanged) -> None:
        """Show the number of selected conversations and what the keys do with them."""
        event.stop()
        self.hints.show()

    @on(ConversationList.TopReached)
    @on(ConversationList.EndReached)
    @on(ListHeader.NewRequested)
    def show_new(self, event: Message) -> None:
        """At the top, at the end, or on a click on the note: load the new conversations."""
        event.stop()
        self.listing.show_new()

    @on(ConversationList.EdgesChanged)
    def show_edges(self) -> None:
        """The numbers of new conversations at the list's edges changed."""
        self.listing.show_edges()

    @on(ListHeader.SearchTyped)
    def search(self, event: ListHeader.SearchTyped) -> None:
        """Search once the typing pauses."""
        event.stop()
        self.listing.search(event.words)

    @on(ListHeader.SearchLeft)
    async def leave_search(self, event: ListHeader.SearchLeft) -> None:
        """The keys belong to the list again."""
        event.stop()
        self.set_focus(self.context.list)
        await self.context.header.close_search()

    @on(DetailHeader.AssignRequested)
    @on(DetailHeader.StatusToggled)
    @on(ListHeader.SearchRequested)
    @on(ListHeader.ExportRequested)
    @on(TopBar.SettingsRequested)
    @on(TopBar.AgentMenuRequested)
    @on(TopBar.AssignedRequested)
    async def click_action(self, event: Message) -> None:
        """A button, icon or name was clicked: the same as its key."""
        event.stop()
        actions: dict[type[Message], str] = {
            DetailHeader.AssignRequested: "assign",
            DetailHeader.StatusToggled: "toggle_status",
            ListHeader.SearchRequested: "search",
            ListHeader.ExportRequested: "export",
            TopBar.SettingsRequested: "settings",
            TopBar.AgentMenuRequested: "agent",
            TopBar.AssignedRequested: "assigned",
        }
        await self.run_action(actions[type(event)])

    @on(ThreadView.EarlierWanted)
    def read_earlier(self, event: ThreadView.EarlierWanted) -> None:
        """The member scrolled to the first loaded message."""
        event.stop()
        self.reading.read_earlier(event.conversation_id, event.before)

    @on(LaterWanted)
    def read_later(self, event: LaterWanted) -> None:
        """The member scrolled to the last loaded message, which is not the newest."""
        event.stop()
        self.reading.read_later(event)

    @on(EndWanted)
    def read_end(self, event: EndWanted) -> None:
        """The beginning or the end of the thread is not loaded."""
        event.stop()
        self.reading.read_end(event)

    @on(HitWanted)
    def find_hit(self, event: HitWanted) -> None:
        """No loaded message has the words in the requested direction."""
        event.stop()
        self.reading.find_hit(event)

    @on(HitMissed)
    def miss_hit(self, event: HitMissed) -> None:
        """There is no further message that has the words."""
        event.stop()
        self.reading.miss_hit(event.direction)

    @on(ReplyBox.Submitted)
    def submit(self, event: ReplyBox.Submitted) -> None:
        """Enter in the box."""
        event.stop()
        self.assigned.takes((event.conversation_id,))  # whom a reply may be assigned to
        self.sending.submit(
            event.conversation_id, event.kind, event.text, and_resolve=event.and_resolve, cursor=event.cursor
        )

    @on(ReplyBox.Continued)
    def write_on(self, event: ReplyBox.Continued) -> None:
        """Typing went on after Enter."""
        self.sending.continued(event.key)

    @on(ReplyBox.TakeBackRequested)
    def take_back(self, event: ReplyBox.TakeBackRequested) -> None:
        """Undo in an empty box."""
        self.sending.take_back(self.context.box.conversation_id)

    @on(ReplyBox.Entered)
    def begin_writing(self, event: ReplyBox.Entered) -> None:
        """The cursor came into the box, by key or by mouse."""
        event.stop()
        self.composing.begun(event.conversation_id)

    @on(ReplyBox.DraftChanged)
    def keep_draft(self, event: ReplyBox.DraftChanged) -> None:
        """A key in the box."""
        event.stop()
        self.composing.keep(event.conversation_id, event.kind, event.text)

    @on(ReplyBox.KindChanged)
    def show_kind(self, event: ReplyBox.KindChanged) -> None:
        """A reply became a note, or a note a reply."""
        event.stop()
        self.hints.show()
        self.composing.kind_changed(event.kind, is_joined=event.is_joined)

    @on(ReplyBox.LeaveRequested)
    def leave_box(self, event: ReplyBox.LeaveRequested) -> None:
        """Esc in the box: the text stays."""
        event.stop()
        if self.context.box.conversation_id is not None:
            self.composing.left(self.context.box.conversation_id)
        if self.has_class("-narrow"):
            self.context.pane.focus_thread()
        else:
            self.context.focus_list()

    @on(ReplyBox.EditorRequested)
    def open_editor(self, event: ReplyBox.EditorRequested) -> None:
        """Ctrl+O in the box."""
        event.stop()
        self.composing.edit_outside(event.conversation_id, event.kind, event.text)

    def _begin(self, kind: Kind | None) -> None:
        self.reading.catch_up()  # the box must be that of the highlighted conversation
        self.add_class("-reading")
        self.composing.begin(kind)
