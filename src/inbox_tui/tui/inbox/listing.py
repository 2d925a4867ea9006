"""Which conversations are listed, what is new in them, and what waits at the edges of the list.

The list stays still under the cursor: a conversation that changes, changes in its
row; what is new or moved up is counted above and comes in when the member asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from textual.timer import Timer

from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Order, Query
from inbox_tui.domain.models import Agent, AgentId, Author, Conversation, ConversationId, Member
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Removed
from inbox_tui.tui.inbox.context import RETRY_DELAY, InboxContext
from inbox_tui.tui.inbox.empty_list import empty_text, may_fill
from inbox_tui.tui.inbox.found_number import FoundNumber
from inbox_tui.tui.inbox.opening import InitialData
from inbox_tui.tui.inbox.requests import READ_LIST
from inbox_tui.tui.widgets.detail_pane import NO_SEARCH

SEARCH_DELAY = 0.15
"""Seconds without a key before a search is made."""


class Aim(NamedTuple):
    """Where the highlight is to be in a list that is read."""

    id: ConversationId | None
    number: int | None = None
    """The row, for when the conversation is not among the first."""


class ListController:
    """The list: which one it is, what is in it, and what waits at its edges."""

    def __init__(self, context: InboxContext, opened: InitialData) -> None:
        self._context = context
        self._opened = opened
        self._searching: Timer | None = None
        self._is_undone = False
        """What is on screen may be of a history that a restore undid, until the list was read again."""
        self._moved_up: set[ConversationId] = set()
        self._heard_all = True
        """Each change since the list was last counted was looked at."""
        self._first: ConversationId | None = None
        self._aim: Aim | None = None
        self._aims_from: int | None = None
        """The row from which the list is read on to the aim; the member may go elsewhere meanwhile."""
        self.query = opened.query
        self.counts = opened.counts
        self._counted = opened.query.agent  # whose conversations were counted last
        self._shows_seen = False  # what is on screen was read earlier, and is being read again
        self._found = FoundNumber(context, lambda: self.query)

    @property
    def total(self) -> int | None:
        """How many conversations belong in the list; None where that is not known."""
        return self._found.number if self.query.search else self.counts.of(self.query.filter)

    def show_opened(self, workspace: str) -> None:
        """Show what was read while the inbox was opened; ``workspace`` is what it is called."""
        self._context.show_frame(workspace)
        self.show_list(self.query, self._opened.page, self.counts)

    def change(
        self,
        *,
        filter: Filter | None = None,
        order: Order | msgspec.UnsetType | None = msgspec.UNSET,
        search: str | None = None,
    ) -> None:
        """List something else: another filter, order (None: the filter's own) or search."""
        query = self.query
        if filter is not None:
            query = msgspec.structs.replace(query, filter=filter)
        if order is not msgspec.UNSET:
            query = msgspec.structs.replace(query, order=order)
        if search is not None:
            query = msgspec.structs.replace(query, search=search)
        self._read(query)

    def clear_search(self) -> None:
        """List everything again, with the highlight on the conversation that it was on, if it is near the top."""
        held = self._context.list.highlighted
        self.list_at(msgspec.structs.replace(self.query, search=""), Aim(held.id if held else None, 0))

    def change_order(self) -> None:
        """Sort the list in the next of the orders that the store has for it."""
        orders = self._context.work.store.capabilities.orders_of(self.query.filter)
        now = self.query.effective_order
        if orders == (now,):
            self._context.status.say(f"Here {self.query.filter.label} can only be sorted {now.label}")
        else:
            self.change(order=orders[(orders.index(now) + 1) % len(orders)] if now in orders else orders[0])

    def change_agent(self, agent: AgentId | None) -> None:
        """List one agent's conversations, or all agents' (None)."""
        self._read(msgspec.structs.replace(self.query, agent=agent))

    def search(self, words: str) -> None:
        """Narrow the list to words once no key has come for a moment."""
        if self._searching is not None:
            self._searching.stop()
        wanted = words.strip()
        if wanted == self.query.search:
            return
        if wanted:
            self._searching = self._context.screen.set_timer(SEARCH_DELAY, lambda: self.change(search=wanted))
        else:
            self.change(search="")

    async def open_search(self) -> None:
        """Let search words be typed; without chat access, say why there is nothing to search."""
        if self._context.me.may_chat:
            await self._context.header.open_search()
        else:
            self._context.status.say(NO_SEARCH, is_problem=True)

    def show_team(self, me: Member, members: tuple[Member, ...], agents: tuple[Agent, ...]) -> None:
        """Members, agents or the member's own access changed; list what they may see now."""
        context = self._context
        could_chat = context.me.may_chat
        context.team_read(me, members, agents)
        if me.may_chat == could_chat:
            return
        if me.may_chat:
            self._read(self.query)
        else:
            context.threads.clear()
            context.seen.clear()
            self._read(msgspec.structs.replace(self.query, search=""))

    def show_list(self, query: Query, page: Page, counts: Counts) -> None:
        """Show a list from its beginning, unless another is wanted by now."""
        self._context.seen.put(page, counts)
        if query != self.query:
            return
        was_undone, self._is_undone = self._is_undone, False
        is_seen, self._shows_seen = self._shows_seen, False
        self._show(query, page, counts, stays=is_seen)
        held = self._context.list.highlighted
        if was_undone and held is not None and self._context.is_shown(held.id):
            self._context.refresh_open_thread()  # the highlight did not move, so nothing else reads it again
        aim, self._aim = self._aim, None
        if aim is not None:
            self._take_aim(aim)

    def _show_seen(self, query: Query) -> None:
        """Show what is known of a list while it is read again, unless it is on screen."""
        context = self._context
        if query == context.list.query_shown:
            return
        self._shows_seen = False
        seen = context.seen.get(query, context.me.id)
        counts = self.counts if seen is None or query.agent == self._counted else seen.counts
        if seen is not None and (seen.page.rows or counts.of(query.filter) == 0):  # is it known to be empty?
            self._show(query, msgspec.structs.replace(seen.page, rows=context.state.paint(seen.page.rows)), counts)
            self._shows_seen = True

    def _show(self, query: Query, page: Page, counts: Counts, *, stays: bool = False) -> None:
        context = self._context
        self._moved_up.clear()
        self._heard_all = True
        self._first = page.rows[0].id if page.rows else None
        total = page.total if query.search else counts.of(query.filter)
        self.counts, self._counted = counts, query.agent
        context.list.empty_text = empty_text(query, context.keys, is_unused=self.is_unused)
        now = context.clock()
        context.list.show(query, total, page, now, stays=stays)
        context.pane.set_now(now)  # the same wait must not have two ages on one screen
        context.header.search = query.search
        context.header.order = query.effective_order
        self.show_edges()
        self._found.show(page, total)
        context.thread.look_for(query.search)
        context.bar.active = query.filter
        self.show_counts(query.agent, counts)
        if query.search and page.total is not None and page.total_is_exact:
            context.list.count(page.total)

    def keep_shown(self, operation: str) -> None:
        """A list that could not be read leaves the one on screen, under its own name."""
        shown = self._context.list.query_shown
        if operation == READ_LIST and shown is not None:
            self._shows_seen = False
            self._name(shown)
            if self._is_undone:
                self._context.screen.set_timer(RETRY_DELAY, self.reread)

    def show_counts(self, agent: AgentId | None, counts: Counts) -> None:
        """Show the filters' numbers, unless they are another agent's."""
        if agent == self.query.agent:
            self.counts, self._counted = counts, agent
            self._context.bar.counts = counts
            if not self._heard_all and self._context.refreshes.is_waiting:
                return  # counted before the changes that nobody looks at
            if self._context.list.query_shown == self.query and not self.query.search:
                heard_all, self._heard_all = self._heard_all, True
                self._context.list.count(counts.of(self.query.filter), heard_all=heard_all)
                if not heard_all and not self._context.list.row_count():
                    self._read(self.query)

    def read_page(self, request: PageRequest) -> None:
        """Read rows that the list has to show."""
        self._context.run(self._context.work.read_page(self.query, request), group="page")

    def show_page(self, query: Query, request: PageRequest, page: Page) -> None:
        """Show rows that were read, unless the list is another by now."""
        if query == self.query:
            self._context.list.supply(request, page)
            self._found.show_length()
            aim, start = self._aim, self._aims_from
            if aim is not None and start is not None:
                self._aim = self._aims_from = None
                if self._context.list.number == start:
                    self._take_aim(aim)

    def show_ages(self) -> None:
        """Ages and waits have grown."""
        self._context.list.set_now(self._context.clock())
        self._context.pane.set_now(self._context.clock())
        if self._context.lost_at is not None:
            self._context.show_connection()

    def show_edges(self) -> None:
        """Say at the list's edges what belongs in it and is not in it, and what would stand higher."""
        context = self._context
        context.header.new_above = context.list.edges.above
        context.header.new_below = context.list.edges.below + context.list.unseen
        context.header.moved_up = len(self._moved_up)

    def show_new(self) -> None:
        """Let what is new come in, by reading the list again."""
        if self._moved_up or sum(self._context.list.edges):
            self._read(self.query)

    def show_imported(self, added: int, bad_lines: tuple[str, ...]) -> None:
        """Conversations came in: list them."""
        self._read(self.query)
        words = f"Imported {counted(added, 'conversation')}"
        if bad_lines:
            words = f"{words}; {counted(len(bad_lines), 'line')} failed: {bad_lines[0]}"
        self._context.status.say(words, is_problem=bool(bad_lines))

    def show_removed(self, removed: Removed) -> None:
        """The sample is gone: list what is left."""
        self._context.threads.clear()
        self._context.seen.clear()
        self._context.pane.conversation = None  # it may be gone: read nothing of it before the list is there
        self._read(self.query)
        conversations, members = counted(removed.conversations, "conversation"), counted(removed.members, "member")
        self._context.status.say(f"The sample is removed: {conversations} and {members}")

    def list_at(self, query: Query, aim: Aim) -> None:
        """List something else, with the highlight on a conversation of it."""
        self._read(query)
        self._aim = aim

    def _take_aim(self, aim: Aim) -> None:
        """Highlight what was aimed at; what is far from the first rows is listed by its id alone."""
        if aim.id is not None and self._context.list.highlight(aim.id):
            return
        if aim.number is not None and self._context.list.reads_on_to(aim.number):
            self._context.list.highlight(self._context.list.last)
            self._aim, self._aims_from = aim, self._context.list.number
        elif aim.number is not None:
            self._context.list.highlight(aim.number)
        elif aim.id is not None and not self.query.search and self._context.work.store.capabilities.search:
            self.list_at(msgspec.structs.replace(self.query, search=aim.id), Aim(None, 0))

    def _read(self, query: Query) -> None:
        query = self._context.work.store.capabilities.with_order(query)
        self._aim = self._aims_from = None
        self._name(query)
        self._show_seen(query)
        self._context.run(self._context.work.read_list(query), group="list", exclusive=True)

    def _name(self, query: Query) -> None:
        """Say which list it is."""
        self.query = query
        context = self._context
        context.bar.active = query.filter
        context.header.search = query.search
        context.header.order = query.effective_order
        context.show_agent(query.agent)

    def hear(self, conversations: Sequence[Conversation]) -> None:
        """Conversations were written to: count those that the list does not hold yet, and what would stand higher."""
        for conversation in conversations:
            held = self._context.list.conversation(conversation.id)
            if held is not None and self._moves_up(held, conversation):
                self._moved_up.add(conversation.id)
        self._context.painter.show(conversation.id for conversation in conversations)
        self._context.list.hear(conversations)
        self.show_edges()
        self._found.find_again()

    def distrust(self) -> None:
        """A restore undid the history that is on screen: read the list again, until that succeeds."""
        self._is_undone = True

    def reread(self) -> bool:
        """Read the list again if a restore may have undone it, and with it the open thread; returns whether it may."""
        if self._is_undone and self._context.lost_at is None:
            self._read(self.query)
        return self._is_undone

    def heard(self, *, all_of_it: bool) -> None:
        """Conversations changed; not each of them is looked at unless ``all_of_it``."""
        self._heard_all &= all_of_it

    @property
    def is_unused(self) -> bool:
        """Nothing has ever been in the inbox, which is on this machine and the member's to fill."""
        return self.query.scope == WHOLE_WORKSPACE and self.counts.all == 0 and may_fill(self._context)

    def _moves_up(self, before: Conversation, now: Conversation) -> bool:
        """A visitor wrote, for which the conversation would stand higher in a list that is read now."""
        return (
            self.query.effective_order is Order.NEWEST
            and now.id != self._first
            and now.last_message_author is Author.VISITOR
            and now.last_activity_at > before.last_activity_at
        )
