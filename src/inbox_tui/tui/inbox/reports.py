"""Passes the workers' results to the part of the inbox that shows them.

Decides nothing; the controllers do.
"""

from __future__ import annotations

import msgspec
from textual import on
from textual.screen import Screen

from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.overview import FIRST_PAGE
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.assigned import AssignmentNotices
from inbox_tui.tui.inbox.composing import ComposeController
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.following import FollowController
from inbox_tui.tui.inbox.hints import KeyHints
from inbox_tui.tui.inbox.jumps import Jumps
from inbox_tui.tui.inbox.listing import ListController
from inbox_tui.tui.inbox.reading import ReadingController
from inbox_tui.tui.inbox.sending import SendController
from inbox_tui.tui.inbox.triage import TriageController


class ReportHandlers(Screen[None]):
    """A screen that receives its workers' results."""

    context: InboxContext
    listing: ListController
    following: FollowController
    reading: ReadingController
    triage: TriageController
    jumps: Jumps
    assigned: AssignmentNotices
    composing: ComposeController
    sending: SendController
    hints: KeyHints

    def _painted(self, page: Page, request: PageRequest) -> Page:
        """The page with its rows as the model has them now; it keeps its end even if rows were removed since."""
        rows = self.context.state.paint(page.rows)
        return msgspec.structs.replace(
            page, rows=rows, is_end=page.ends(request) if len(rows) < len(page.rows) else page.is_end
        )

    @on(m.ListRead)
    def show_list(self, event: m.ListRead) -> None:
        """A list from its beginning."""
        self.listing.show_list(event.query, self._painted(event.page, PageRequest(limit=FIRST_PAGE)), event.counts)

    @on(m.PageRead)
    def show_page(self, event: m.PageRead) -> None:
        """Further rows."""
        self.listing.show_page(event.query, event.request, self._painted(event.page, event.request))

    @on(m.CountsRead)
    def show_counts(self, event: m.CountsRead) -> None:
        """The filters' numbers."""
        self.listing.show_counts(event.agent, event.counts)

    @on(m.ThreadRead)
    def show_thread(self, event: m.ThreadRead) -> None:
        """A thread for the pane, or for later."""
        self.reading.show_thread(event.thread)
        self.composing.thread_shown(event.id)
        self.sending.show_under_way(event.id)

    @on(m.EarlierRead)
    def show_earlier(self, event: m.EarlierRead) -> None:
        """Messages before those on screen."""
        self.reading.show_earlier(event.before, event.thread)

    @on(m.LaterRead)
    def show_later(self, event: m.LaterRead) -> None:
        """Messages after those on screen."""
        self.reading.show_later(event.after, event.thread)

    @on(m.PlaceRead)
    def show_place(self, event: m.PlaceRead) -> None:
        """Another place of the thread on screen."""
        self.reading.show_place(event)

    @on(m.ChangesSeen)
    def follow_changes(self, event: m.ChangesSeen) -> None:
        """Somebody wrote."""
        if not self.following.follow(event.changes):
            self.assigned.read()
        self.sending.line_changed()

    @on(m.LineLost)
    def show_line_lost(self, event: m.LineLost) -> None:
        """The line to the store went down."""
        self.following.line_lost(event.at)
        self.sending.line_changed()

    @on(m.LineBack)
    def show_line_back(self) -> None:
        """The line to the store came back."""
        self.following.line_back()
        self.sending.line_changed()

    @on(m.ConversationsRead)
    def show_changed(self, event: m.ConversationsRead) -> None:
        """Conversations as they are after somebody wrote."""
        conversations = self.context.state.paint(event.conversations)
        self.following.show_changed(conversations, event.gone)
        self.assigned.hear(conversations)

    @on(m.TeamRead)
    def show_team(self, event: m.TeamRead) -> None:
        """Members, agents or the member's own access changed."""
        self.listing.show_team(event.me, event.members, event.agents)
        self.composing.renamed()
        self.assigned.read_first()
        self.hints.show()

    @on(m.WaitingFound)
    def go_to_waiting(self, event: m.WaitingFound) -> None:
        """Who waits longest."""
        self.jumps.go_to_waiting(event.next)

    @on(m.AllFound)
    def show_all_selected(self, event: m.AllFound) -> None:
        """What "select all" selects."""
        self.triage.select(event.query, self.context.state.paint(event.conversations))

    @on(m.TriageDone)
    def show_decision(self, event: m.TriageDone) -> None:
        """The store's answer to a decision."""
        self.triage.show(event.done)

    @on(m.ReplySent)
    def show_sent(self, event: m.ReplySent) -> None:
        """The store has a reply."""
        self.sending.sent(event.key, event.sent)

    @on(m.StillWaiting)
    def show_still_waiting(self, event: m.StillWaiting) -> None:
        """A note did not resolve a visitor who waits."""
        self.sending.still_waiting(event.conversation)

    @on(m.ReplyUnconfirmed)
    def show_unconfirmed(self, event: m.ReplyUnconfirmed) -> None:
        """The store may have the reply, though its answer did not arrive."""
        self.sending.show_under_way(event.id)

    @on(m.ReplyFailed)
    def show_unsent(self, event: m.ReplyFailed) -> None:
        """The store does not have the reply."""
        self.sending.failed(event.id, event.key, event.error)

    @on(m.ConversationsImported)
    def show_imported(self, event: m.ConversationsImported) -> None:
        """Conversations came in."""
        self.listing.show_imported(event.added, event.bad_lines)

    @on(m.SampleRemoved)
    def show_sample_removed(self, event: m.SampleRemoved) -> None:
        """The sample is gone."""
        self.listing.show_removed(event.removed)

    @on(m.OperationFailed)
    def show_failure(self, event: m.OperationFailed) -> None:
        """An operation failed: say so, and show the conversations as they are."""
        self.context.failed(event.operation, event.error, event.ids, event.undecided)
        self.triage.failed(event.operation)
        self.listing.keep_shown(event.operation)
