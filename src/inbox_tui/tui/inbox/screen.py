"""The inbox: the list at the left, the conversation at the right, and the keys of a shift.

It only coordinates: keys and widgets' messages go to the controllers for listing, reading,
triage and composing, and so do the workers' results.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Kind, Status
from inbox_tui.local.launch import Launch
from inbox_tui.tui.inbox.assigned import AssignmentNotices
from inbox_tui.tui.inbox.composing import ComposeController
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.empty_list import has_sample
from inbox_tui.tui.inbox.following import FollowController
from inbox_tui.tui.inbox.hints import KeyHints
from inbox_tui.tui.inbox.intents import IntentHandlers
from inbox_tui.tui.inbox.jumps import Jumps
from inbox_tui.tui.inbox.keys import INBOX_KEYS
from inbox_tui.tui.inbox.listing import ListController
from inbox_tui.tui.inbox.min_size import MinSize
from inbox_tui.tui.inbox.opening import InitialData
from inbox_tui.tui.inbox.outgoing import Replies
from inbox_tui.tui.inbox.prompts import Prompts
from inbox_tui.tui.inbox.reading import ReadingController
from inbox_tui.tui.inbox.requests import StoreRequests
from inbox_tui.tui.inbox.sending import SendController
from inbox_tui.tui.inbox.state import InboxState
from inbox_tui.tui.inbox.triage import TriageController
from inbox_tui.tui.terminal.private import render_only_changes
from inbox_tui.tui.widgets.conversation_list import ConversationList
from inbox_tui.tui.widgets.detail_pane import DetailPane
from inbox_tui.tui.widgets.filter_bar import FilterBar
from inbox_tui.tui.widgets.list_header import ListHeader
from inbox_tui.tui.widgets.status_line import StatusLine
from inbox_tui.tui.widgets.top_bar import TopBar

AGES_EVERY = 30.0
"""Seconds between updates of ages and waits."""


class InboxScreen(IntentHandlers):
    """The main screen."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [*INBOX_KEYS]

    def __init__(
        self, launch: Launch, opened: InitialData, clock: Callable[[], datetime], new_key: Callable[[], str]
    ) -> None:
        super().__init__()
        render_only_changes(self)
        self._launch = launch
        self._opened = opened
        self._clock = clock
        self._new_key = new_key
        self._least_size = MinSize(self)

    def compose(self) -> ComposeResult:
        """The widgets, from top to bottom."""
        yield TopBar()
        yield FilterBar()
        with Horizontal(id="main"):
            with Vertical(id="list-pane"):
                yield ListHeader()
                yield ConversationList()
            yield DetailPane()
        yield StatusLine()

    def on_mount(self) -> None:
        """Show the data read while opening, then follow the feed."""
        opened = self._opened
        state = InboxState(self._clock, opened.me, opened.members)
        state.read(opened.page.rows)
        work = StoreRequests(self, opened.store, state, opened.writes)
        self.context = InboxContext(self, work, opened, self._launch, self._clock)
        replies = Replies(opened.outbox, self._new_key)
        self.composing = ComposeController(self.context, replies)
        self.sending = SendController(self.context, self.composing, replies)
        self.prompts = Prompts(self.context)
        self.hints = KeyHints(self.context)
        self.listing = ListController(self.context, opened)
        self.following = FollowController(self.context, self.listing)
        self.jumps = Jumps(self.context, self.listing)
        self.reading = ReadingController(self.context, self.sending.follow)
        self.assigned = AssignmentNotices(self.context)
        self.triage = TriageController(self.context, self.assigned.takes, self.jumps.go_to)
        self.listing.show_opened("sample" if self._launch.is_demo else opened.workspace)
        self.hints.show()
        self.context.list.focus()
        self.set_interval(AGES_EVERY, self.listing.show_ages)
        self.context.run(self.context.work.follow(), group="follow")
        self.call_after_refresh(self.assigned.read)
        self.sending.resume()
        if self._launch.is_new and opened.counts.all == 0:
            self.call_after_refresh(self.prompts.welcome)

    async def on_resize(self, event: events.Resize) -> None:
        """Below the minimum size, say so instead of showing fragments."""
        await self._least_size.hold(event.size)

    def action_filter(self, name: str) -> None:
        """Switch to another filter."""
        self.listing.change(filter=Filter(name), order=None)

    def action_order(self) -> None:
        """Sort the list in its next order."""
        self.listing.change_order()

    async def action_search(self) -> None:
        """Open the search field."""
        await self.listing.open_search()

    def action_hit(self, direction: int) -> None:
        """Go to the next message that has the words of the search: 1 is towards newer ones, -1 older."""
        self.reading.go_to_hit(direction)

    def action_next_waiting(self, of_anybody: bool) -> None:
        """Go to the longest waiting visitor, then to the next."""
        self.jumps.find_waiting(of_anybody=of_anybody)

    def action_write(self) -> None:
        """Put the cursor into the box, in its present mode."""
        self._begin(None)

    def action_reply(self) -> None:
        """Write to the visitor."""
        self._begin(Kind.MESSAGE)

    def action_note(self) -> None:
        """Write to the team."""
        self._begin(Kind.NOTE)

    def action_assign(self) -> None:
        """Open the dialog that assigns it."""
        self.triage.choose_assignee()

    def action_take(self) -> None:
        """Assign it to the member."""
        self.triage.take()

    def action_toggle_status(self) -> None:
        """Resolve or reopen."""
        self.triage.toggle_status()

    def action_select_all(self) -> None:
        """Select the whole list."""
        self.triage.select_all(self.listing.query)

    def action_undo(self) -> None:
        """Undo the last send or the last decision."""
        if not self.sending.take_back():
            self.triage.undo()

    def action_export(self) -> None:
        """Write the list as CSV."""
        self.prompts.export(self.listing.query, self.listing.counts)

    def action_agent(self) -> None:
        """Choose the agent whose conversations to list."""
        self.prompts.choose_agent(self.listing.query.agent, self.listing.change_agent)

    async def action_settings(self) -> None:
        """Change settings."""
        await self.prompts.settings(self._launch)

    def action_lost_texts(self) -> None:
        """Show the drafts whose conversations cannot be opened."""
        self.prompts.lost_texts(self.composing.replies, self.jumps.go_to)

    def action_assigned(self) -> None:
        """Go to what a colleague assigned to the member."""
        if (first := self.assigned.first) is not None:
            self.jumps.go_to(first, Filter.YOUR_INBOX if first.status is Status.OPEN else Filter.ALL)
        else:
            self.context.status.say("Nothing was assigned to you that you have not seen")

    def action_offer(self, offer: str) -> None:
        """Run one of the offers for an empty inbox."""
        from inbox_tui.tui.dialogs.welcome import Offer  # not on the first screen

        self.prompts.welcome(Offer[offer])

    def action_remove_sample(self) -> None:
        """Remove the sample from the inbox."""
        self.prompts.remove_sample()

    def action_help(self) -> None:
        """Show every key."""
        self.prompts.help()

    def action_back(self) -> None:
        """Go from the conversation back to the list; in the list, clear the selection or the search."""
        if self.has_class("-narrow") and self.has_class("-reading"):
            self.remove_class("-reading")
        elif self.context.list.selected:
            self.context.list.clear_selection()
        elif not self.jumps.back() and self.listing.query.search:
            self.listing.clear_search()
        self.context.status.clear()
        self.set_focus(self.context.list)  # now: Widget.focus acts later, after keys typed ahead

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the member's access and the store allow."""
        if not hasattr(self, "context"):
            return True
        if self._least_size.is_missed:
            return action == "app.quit"  # nobody shall decide about what cannot be seen
        if action == "offer":
            return self.listing.is_unused
        if action == "remove_sample":
            return not self._launch.is_demo and has_sample(self.context)
        return self.context.allows(action)
