"""Browsing: which conversations are listed, which one is open, and what is new.

The list stays still under the cursor: a conversation that changes, changes in its
row; what is new or moved up is counted above and comes in when the member asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from textual.timer import Timer

from inbox_tui.domain.changes import Changes
from inbox_tui.domain.counts import counted
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import (
    Access,
    Agent,
    AgentId,
    Author,
    Conversation,
    ConversationId,
    Counts,
    Member,
    Message,
    MessageId,
    Thread,
)
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Intake
from inbox_tui.tui.opening import Opened
from inbox_tui.tui.screens.inbox_keys import OFFERS
from inbox_tui.tui.view import RETRY_DELAY, View
from inbox_tui.tui.widgets.detail_pane import NO_SEARCH
from inbox_tui.tui.work import READ_LIST

FOLLOW_DELAY = 0.06
"""Seconds that a highlight rests before a thread that is not at hand is read."""
SLOW_FOLLOW_DELAY = 0.4
"""Seconds that it rests on a slow line before anything but the list changes."""
SEARCH_DELAY = 0.15
"""Seconds without a key before a search is made."""
NEIGHBOURS = 2
"""Threads on either side of the highlight that are read ahead."""
FOLLOWED_AT_ONCE = 200
"""Changed conversations that are looked at one by one; beyond that the list is only told to be old."""


class Browsing:
    """The list, the open conversation, and what others write."""

    def __init__(self, view: View, opened: Opened, followed: Callable[[ConversationId], None]) -> None:
        """``followed`` is told whenever another conversation is shown."""
        self._view = view
        self._followed = followed
        self._resting: Timer | None = None
        self._opened = opened
        self._following: Timer | None = None
        self._searching: Timer | None = None
        self._is_undone = False
        """What is on screen may be of a history that a restore undid, until the list was read again."""
        self._new_above: set[ConversationId] = set()
        self._first: ConversationId | None = None
        self._go_to: ConversationId | None = None
        self.query = opened.query
        self.counts = opened.counts
        self.total = 0

    def show_opened(self, workspace: str) -> None:
        """Show what was read while the inbox was opened; ``workspace`` is what it is called."""
        self._view.show_frame(workspace)
        self.show_list(self.query, self._opened.page, self.counts)
        self._view.show_hints()
        self._view.pane.set_now(self._view.clock())

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
            self._searching = self._view.screen.set_timer(SEARCH_DELAY, lambda: self.change(search=wanted))
        else:
            self.change(search="")

    async def open_search(self) -> None:
        """Let search words be typed; without chat access, say why there is nothing to search."""
        if self._view.me.may_chat:
            await self._view.header.open_search()
        else:
            self._view.status.say(NO_SEARCH, is_problem=True)

    def show_team(self, me: Member, members: tuple[Member, ...], agents: tuple[Agent, ...]) -> None:
        """Members, agents or the member's own access changed; list what they may see now."""
        view = self._view
        could_chat = view.me.may_chat
        view.team_read(me, members, agents)
        if me.may_chat == could_chat:
            return
        if me.may_chat:
            self._read(self.query)
        else:
            view.threads.clear()
            self._read(msgspec.structs.replace(self.query, search=""))

    def show_list(self, query: Query, page: Page, counts: Counts) -> None:
        """Show a list from its beginning, unless another is wanted by now."""
        if query != self.query:
            return
        view = self._view
        self._is_undone = False
        self._new_above.clear()
        self._first = page.rows[0].id if page.rows else None
        self.total = page.total if page.total is not None else query.filter.count_in(counts)
        self.counts = counts
        view.list.empty_text = self._empty_text(query)
        view.list.show(query, self.total, page, view.clock())
        view.header.search = query.search
        view.header.order = query.effective_order
        view.header.new_above = 0
        view.thread.look_for(query.search)
        more = "" if page.total_is_exact else "+"
        view.header.found = f"{self.total:,}{more} found" if query.search else ""
        view.bar.active = query.filter
        self.show_counts(query.agent, counts)
        if self._go_to is not None:
            view.list.highlight(self._go_to)
            self._go_to = None

    def keep_shown(self, operation: str) -> None:
        """A list that could not be read leaves the one on screen, under its own name."""
        shown = self._view.list.query_shown
        if operation == READ_LIST and shown is not None:
            self._name(shown)
            if self._is_undone:
                self._view.screen.set_timer(RETRY_DELAY, self._read_anew)

    def show_counts(self, agent: AgentId | None, counts: Counts) -> None:
        """Show the filters' numbers, unless they are another agent's."""
        if agent == self.query.agent:
            self.counts = counts
            self._view.bar.counts = counts

    def read_page(self, request: PageRequest, generation: int) -> None:
        """Read rows that the list has to show."""
        self._view.run(self._view.work.read_page(self.query, request, generation), group="page")

    def show_page(self, query: Query, request: PageRequest, page: Page) -> None:
        """Show rows that were read, unless the list is another by now."""
        if query == self.query:
            self._view.list.supply(request, page)

    def show_ages(self) -> None:
        """Ages and waits have grown."""
        self._view.list.set_now(self._view.clock())
        self._view.pane.set_now(self._view.clock())
        if self._view.lost_at is not None:
            self._view.show_connection()

    # The open conversation

    def follow(self, conversation: Conversation | None) -> None:
        """Show the highlighted conversation: at once if its thread is at hand, else after a rest."""
        view = self._view
        for timer in (self._following, self._resting):
            if timer is not None:
                timer.stop()
        if view.settings.slow and conversation is not None and view.pane.conversation is not None:
            self._resting = view.screen.set_timer(SLOW_FOLLOW_DELAY, self.catch_up)
        else:
            self._follow_now(conversation)

    def catch_up(self) -> None:
        """Show the highlighted conversation now, if it was to be shown after a rest."""
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
            self._follow_now(self._view.list.highlighted)

    def _follow_now(self, conversation: Conversation | None) -> None:
        view = self._view
        is_other = conversation is not None and not view.is_shown(conversation.id)
        view.pane.conversation = conversation
        if conversation is None:
            return
        if view.me.may_chat:
            thread = view.threads.get(conversation.id)
            if thread is not None:
                view.pane.show_thread(thread)
            self._following = view.screen.set_timer(FOLLOW_DELAY, self._read_around)
        if is_other:  # what is being written there must not be put in anew
            self._followed(conversation.id)

    def _read_around(self) -> None:
        view = self._view
        shown = view.pane.conversation
        if shown is None:
            return
        near = [id for id in view.list.neighbours(NEIGHBOURS) if view.threads.get(id) is None]
        if view.threads.get(shown.id) is None:
            view.run(view.work.read_thread(shown.id, near), group="thread", exclusive=True)
        elif near:
            view.run(view.work.read_thread(near[0], near[1:]), group="thread", exclusive=True)

    def show_thread(self, thread: Thread) -> None:
        """Show a thread if its conversation is open; keep it in any case."""
        view = self._view
        view.threads.put(thread)
        if view.is_shown(thread.conversation.id):
            view.pane.show_thread(thread)

    def read_earlier(self, id: ConversationId, before: MessageId) -> None:
        """Read the messages before the first one on screen."""
        self._view.run(self._view.work.read_earlier(id, before), group="earlier", exclusive=True)

    def show_earlier(self, before: MessageId, earlier: Thread) -> None:
        """Put earlier messages before those on screen, unless others are the first by now."""
        view = self._view
        id = earlier.conversation.id
        if view.is_shown(id) and _begins_with(before, view.thread.messages):
            view.pane.prepend(earlier)
        kept = view.threads.get(id)
        if kept is not None and _begins_with(before, kept.messages):
            view.threads.put(Thread(kept.conversation, earlier.messages + kept.messages, earlier.has_earlier))

    # What others write

    def follow_changes(self, changes: Changes) -> None:
        """Somebody wrote: look at what it was, and count again."""
        view = self._view
        was_lost = view.lost_at is not None
        view.heard(changes.lost_at)
        if changes.lost_at is not None:
            return
        if was_lost:
            view.read_again()
        if changes.team or changes.reset:
            view.run(view.work.read_team(), group="team", exclusive=True)
        if changes.reset:
            view.threads.clear()
            view.thread.distrust()
            self._is_undone = True
        if self._is_undone:
            self._read_anew()
            return
        for id in changes.conversations:
            view.threads.forget(id)
        if changes.conversations:
            view.run(view.work.read_conversations(changes.conversations[:FOLLOWED_AT_ONCE]), group="changed")
            view.read_counts()

    def _read_anew(self) -> None:
        """Read the list again, and by that the open conversation, of which nothing on screen may be true any more."""
        if self._is_undone and self._view.lost_at is None:
            self._read(self.query)

    def show_changed(self, conversations: tuple[Conversation, ...]) -> None:
        """Show conversations as they are now; count those that the list does not hold yet."""
        view = self._view
        for conversation in conversations:
            held = view.list.conversation(conversation.id)
            if held is not None:
                view.show_conversation(conversation)
                if self._moves_up(held, conversation):
                    self._new_above.add(conversation.id)
            elif self._belongs_above(conversation):
                self._new_above.add(conversation.id)
            if view.is_shown(conversation.id):
                view.pane.conversation = conversation
        view.refresh_open_thread()
        if not self.total and self._new_above:
            self._read(self.query)
            return
        view.header.new_above = len(self._new_above)

    def show_new(self) -> None:
        """Let what is new above come in."""
        if self._new_above:
            self._read(self.query)

    def show_imported(self, added: int, bad_lines: tuple[str, ...]) -> None:
        """Conversations came in: list them."""
        self._read(self.query)
        words = f"{counted(added, 'conversation')} came in"
        if bad_lines:
            words = f"{words}; {counted(len(bad_lines), 'line')} did not: {bad_lines[0]}"
        self._view.status.say(words, is_problem=bool(bad_lines))

    # Who waits

    def find_waiting(self) -> None:
        """Look for who waits longest, or for the next after the one that is open."""
        shown = self._view.list.highlighted
        waits = shown is not None and Filter.PENDING.matches(shown, self._view.me.id)
        work = self._view.work.find_waiting(self.query.agent, shown.id if shown and waits else None)
        self._view.run(work, group="waiting", exclusive=True)

    def go_to_waiting(self, conversation: Conversation | None) -> None:
        """Highlight who waits; where the list does not hold them, list who waits."""
        if conversation is None:
            self._view.status.say("Nobody else is waiting for a human reply")
        else:
            self.go_to(conversation, Filter.PENDING)

    def go_to(self, conversation: Conversation, filter: Filter = Filter.ALL) -> None:
        """Highlight a conversation; where the list does not hold it, list what the filter holds."""
        if self._view.list.conversation(conversation.id) is not None:
            self._view.list.highlight(conversation.id)
        else:
            self._go_to = conversation.id
            self._read(msgspec.structs.replace(self.query, filter=filter, order=None, search=""))

    def _read(self, query: Query) -> None:
        self._name(query)
        self._view.run(self._view.work.read_list(query), group="list", exclusive=True)

    def _name(self, query: Query) -> None:
        """Say which list it is."""
        self.query = query
        view = self._view
        view.bar.active = query.filter
        view.header.search = query.search
        view.header.order = query.effective_order
        view.show_agent(query.agent)

    def _moves_up(self, before: Conversation, now: Conversation) -> bool:
        """A visitor wrote, for which the conversation would stand higher if the list were read anew."""
        return (
            self.query.effective_order is Order.NEWEST
            and now.id != self._first
            and now.last_message_author is Author.VISITOR
            and now.last_activity_at > before.last_activity_at
        )

    def _belongs_above(self, conversation: Conversation) -> bool:
        """It would stand above all that is shown if the list were read anew."""
        query = self.query
        first = self._view.list.conversation(self._first) if self._first is not None else None
        return (
            not query.search
            and query.effective_order is Order.NEWEST
            and (first is None or conversation.last_activity_at > first.last_activity_at)
            and query.agent in (None, conversation.agent.id)
            and query.filter.matches(conversation, self._view.me.id)
        )

    @property
    def is_unused(self) -> bool:
        """Nothing has ever been in the inbox, which is on this machine and the member's to fill."""
        store = self._view.work.store
        is_ours = isinstance(store, Intake) and not store.capabilities.outbox
        return is_ours and self._view.me.access is Access.ADMIN and self.query.agent is None and not self.counts.all

    def _empty_text(self, query: Query) -> str:
        if query.search:
            return f"Nothing in {query.filter.label} matches. Esc drops the search."
        if self.is_unused:
            keys = f"{self._view.keys['inbox.open']} chooses · {self._view.keys['app.commands']} commands"
            return "\n".join(["No conversations yet.", "", *(words for words, _ in OFFERS), "", keys])
        next_waiting = self._view.keys["inbox.next-waiting"]
        return {
            Filter.ALL: "No conversations yet.",
            Filter.YOUR_INBOX: f"Your inbox is empty. {next_waiting} goes to who waits longest.",
            Filter.UNRESOLVED: "Everything is resolved.",
            Filter.RESOLVED: "Nothing is resolved yet.",
            Filter.PENDING: "Nobody is waiting for a human reply.",
            Filter.HAS_LEAD: "No conversation has a lead yet.",
        }[query.filter]


def _begins_with(id: MessageId, messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[0].id == id
