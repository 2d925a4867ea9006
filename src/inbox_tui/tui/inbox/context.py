"""The shared context of the inbox screen's parts: the widgets, the requests, the member.

One object that the screen makes and hands to its parts, so that none of them has to
know the screen's insides. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from textual.screen import Screen

from inbox_tui.domain.errors import Conflict, InboxError, NotAllowed, StoreUnavailable
from inbox_tui.domain.models import Agent, AgentId, Badge, Conversation, ConversationId, Member, MemberId
from inbox_tui.domain.times import clock_time
from inbox_tui.local.launch import Launch
from inbox_tui.tui import messages as m
from inbox_tui.tui.inbox.keys import is_allowed
from inbox_tui.tui.inbox.opening import InitialData
from inbox_tui.tui.inbox.painting import Painter
from inbox_tui.tui.inbox.refreshing import RefreshQueue
from inbox_tui.tui.inbox.requests import DECIDE, DELIVER, FOLLOW, READ_CHANGED, WRITE, StoreRequests
from inbox_tui.tui.inbox.thread_cache import ThreadCache
from inbox_tui.tui.presenters.keys import KeyNames
from inbox_tui.tui.widgets.conversation_list import ConversationList
from inbox_tui.tui.widgets.detail_pane import DetailPane
from inbox_tui.tui.widgets.filter_bar import FilterBar
from inbox_tui.tui.widgets.list_header import ListHeader
from inbox_tui.tui.widgets.reply_box import ReplyBox
from inbox_tui.tui.widgets.status_line import StatusLine
from inbox_tui.tui.widgets.thread_view import ThreadView
from inbox_tui.tui.widgets.top_bar import TopBar

ALL_AGENTS = "All agents"
OFFLINE_AFTER = 60.0
"""Seconds after which a lost connection counts as offline."""
SLOW_CONNECTION = 0.25
"""Seconds of a terminal's answer from which its connection counts as slow."""
_LINE_DOWN = "the line is down."
RETRY_DELAY = 2.0
"""Seconds before a failed read of rows is retried."""


class _Work:
    """Work for a worker that the next one of its group may cancel before it starts."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, None, None]:
        return self._work.__await__()

    def __del__(self) -> None:
        self._work.close()  # else Python warns of work that never began


class InboxContext:
    """The shared state of one inbox screen."""

    def __init__(
        self,
        screen: Screen[None],
        work: StoreRequests,
        opened: InitialData,
        launch: Launch,
        clock: Callable[[], datetime],
    ) -> None:
        self.screen = screen
        self.state = work.state
        self.painter = Painter(screen, work.state, clock, self.refresh)
        self.work = work
        self.me = opened.me
        self.members = opened.members
        self.agents = opened.agents
        self.settings = launch.settings
        self.keys = KeyNames(launch.keymap)
        self.clock = clock
        self.tells_shift_enter = False
        """The terminal is known to send Shift+Enter and Enter as different keys."""
        self.lost_at: datetime | None = None
        """When the connection to the store was lost; None while it is up."""
        self.is_leaving = False
        """The inbox waits for outgoing writes, and reads nothing more."""
        self._is_followed = True
        """The feed reports the writes of others, or will once the connection is back."""
        self._to_say: tuple[ConversationId, str] | None = None
        """A message to show once its conversation is on screen."""
        self._untouched: ConversationId | None = None
        """The conversation to which the highlight moved after an act, until a key acts on it or moves away."""
        self._in_doubt: set[ConversationId] = set()
        """Conversations whose read failed: the screen may show them out of date."""
        self.agent = opened.query.agent
        self.threads = ThreadCache()
        self.refreshes = RefreshQueue(lambda work: self.run(work, group="changed"), self._refresh)
        self.seen = self.painter.seen
        self.top = screen.query_one(TopBar)
        self.bar = screen.query_one(FilterBar)
        self.header = screen.query_one(ListHeader)
        self.list = screen.query_one(ConversationList)
        self.pane = screen.query_one(DetailPane)
        self.thread = screen.query_one(ThreadView)
        self.box = screen.query_one(ReplyBox)
        self.status = screen.query_one(StatusLine)

    def run(self, work: Coroutine[Any, Any, None], *, group: str, exclusive: bool = False) -> None:
        """Start a worker. Reads are exclusive in their group, writes never."""
        if self.is_leaving and group not in {DECIDE, WRITE}:
            work.close()  # nobody will see what it reads
        else:
            self.screen.run_worker(_Work(work), group=group, exclusive=exclusive)

    def stop(self, group: str) -> None:
        """Cancel a group's read that nobody waits for any more."""
        self.screen.workers.cancel_group(self.screen, group)

    @property
    def decisions_under_way(self) -> int:
        """The number of decisions under way."""
        return sum(1 for worker in self.screen.workers if worker.group == DECIDE and not worker.is_finished)

    def show_frame(self, store_name: str) -> None:
        """Show the workspace's name and the member."""
        self.top.store_name = store_name
        self._show_keys()
        self.header.newest_key, self.header.last_key = self.keys["inbox.first"], self.keys["inbox.last"]
        self.box.has_notes = self.work.store.capabilities.notes
        self.show_agent(self.agent)
        self._show_me()
        if not self.work.store.capabilities.reply:
            self.status.say(f"{store_name} can only be read here: nothing can be sent or decided", is_problem=True)

    def learn_keys(self) -> None:
        """The terminal tells Shift+Enter from Enter: name that key in the hints, and trust it."""
        if not self.tells_shift_enter:
            self.tells_shift_enter = self.keys.tells_shift_enter = True
            self._show_keys()

    def learn_round_trip(self, seconds: float) -> None:
        """On a slow connection, suggest ``--slow``."""
        if seconds > SLOW_CONNECTION and not self.settings.slow:
            self.status.say(f"Slow connection ({seconds * 1000:.0f} ms). inbox-tui --slow sends less over it.")

    def heard(self, lost_at: datetime | None) -> None:
        """The connection is up (None), or was lost at this time."""
        if not self._is_followed and self.status.message.startswith(_cannot(FOLLOW)):
            self.status.clear()
        self.lost_at, self._is_followed = lost_at, True
        self.show_connection()

    def show_connection(self) -> None:
        """Show the state of the connection, and whether the store takes writes."""
        if not self._is_followed:
            self.top.connection = "○ no live updates"
            return
        if not self.work.store.capabilities.reply:
            self.top.connection = "○ read-only"
            return
        if self.lost_at is None:
            self.top.connection = "◌ sending paused" if self.work.writes.held_by is not None else "● live"
            return
        since = clock_time(self.lost_at)
        is_long = (self.clock() - self.lost_at).total_seconds() > OFFLINE_AFTER
        self.top.connection = f"○ offline since {since}" if is_long else f"◌ reconnecting since {since}"

    def show_agent(self, agent: AgentId | None) -> None:
        """Say whose conversations are listed; None means all agents'."""
        self.agent = agent
        self.top.agent = next((known.name for known in self.agents if known.id == agent), ALL_AGENTS)
        self.pane.shows_agent = agent is None and len(self.agents) > 1

    def team_read(self, me: Member, members: tuple[Member, ...], agents: tuple[Agent, ...]) -> None:
        """Members, agents or the member's own access changed."""
        could_chat = self.me.may_chat
        if self.is_writing and not me.may_chat:  # the box goes, and the keys with it
            self.interrupt_writing()
        changed = {member.id: member for member in members if member not in self.members}
        self.me, self.members, self.agents = me, members, agents
        self.state.team(me, members)
        self._show_me()
        if changed:
            self._renew(changed)
        if me.may_chat and not could_chat:
            self.refresh_open_thread()

    def _renew(self, members: Mapping[MemberId, Member]) -> None:
        """Show colleagues' changed names and badges everywhere on screen."""
        self.threads.clear()
        self.seen.clear()
        self.painter.show_all()
        self.thread.renew(members)
        self.refresh_open_thread()

    def save_profile(self, name: str, badge: Badge) -> None:
        """Show the member's new name and avatar, so that a reply can follow at once, and have the store keep them."""
        self.me = msgspec.structs.replace(self.me, name=name, badge=badge)
        self._show_me()
        self.run(self.work.save_profile(name, badge), group=WRITE)

    def say_of(self, id: ConversationId, message: str) -> None:
        """Show a message about a conversation once it is on screen."""
        if self.is_shown(id):
            self.status.say(message)
        else:
            self._to_say = id, message

    def arrived(self, conversation: Conversation | None) -> None:
        """A row is highlighted: show the message that waited for it."""
        id = conversation.id if conversation is not None else None
        if self._to_say is not None and self._to_say[0] == id:
            self.status.say(self._to_say[1])
            self._to_say = None
        if id != self._untouched:
            self._untouched = None

    def go_on(self) -> None:
        """Highlight the next conversation after an act. It counts as untouched until a key acts on it."""
        left = self.list.highlighted
        self.list.move_to_next_after_action()
        reached = self.list.highlighted
        self._untouched = reached.id if reached is not None and (left is None or reached.id != left.id) else None

    def touch(self) -> bool:
        """The member acts on the highlighted conversation. Returns whether the highlight moved there after an act."""
        untouched, self._untouched = self._untouched, None
        return untouched is not None and self.list.highlighted is not None and self.list.highlighted.id == untouched

    def interrupt_writing(self) -> None:
        """Take the cursor out of the box, in which the member may be typing."""
        self.screen.set_focus(self.list)
        self.screen.app.post_message(m.WritingInterrupted())

    def focus_box(self) -> None:
        """Let the next key go into the reply box, on a small terminal too."""
        self.screen.add_class("-reading")
        self.pane.focus_reply()

    def focus_list(self) -> None:
        """Let the next key go to the list, on a small terminal too."""
        self.screen.remove_class("-reading")
        self.screen.set_focus(self.list)  # now: Widget.focus acts later, after keys typed ahead

    @property
    def is_writing(self) -> bool:
        """The cursor is in the reply box."""
        focused = self.screen.focused
        return focused is not None and self.box in focused.ancestors

    def is_shown(self, id: ConversationId) -> bool:
        """Whether the detail pane shows this conversation."""
        return self.pane.conversation is not None and self.pane.conversation.id == id

    def refresh_open_thread(self) -> None:
        """Read the open thread again if the cached one is out of date."""
        shown = self.pane.conversation
        if shown is not None and self.me.may_chat and self.threads.get(shown.id) is None:
            self.run(self.work.read_thread(shown.id), group="thread", exclusive=True)

    def refresh(self, ids: Iterable[ConversationId] = ()) -> None:
        """Read changed conversations again, with the filters' numbers and the open thread if it is out of date."""
        self.refreshes.add(ids)

    async def _refresh(self, ids: Sequence[ConversationId]) -> None:
        shown = self.pane.conversation
        opened = shown.id if shown is not None and self.me.may_chat and self.threads.get(shown.id) is None else None
        if opened is not None:
            self.stop("thread")  # which may have been read before the write
        await self.work.refresh(ids, self.agent, opened)

    def allows(self, action: str) -> bool:
        """Whether the member's access and the store allow an action of the screen."""
        return is_allowed(action, self.me, self.work.store.capabilities)

    def failed(
        self,
        operation: str,
        error: InboxError,
        ids: Sequence[ConversationId] = (),
        undecided: Sequence[ConversationId] = (),
    ) -> None:
        """Report a failed operation, and show its conversations from the model at once, then from the store."""
        if operation == DELIVER:
            self.show_connection()
            self.status.say(f"Not delivered yet, will retry: {error.message}", is_problem=True)
            return
        self.painter.show(undecided)
        if isinstance(error, NotAllowed):
            self.run(self.work.read_team(), group="team", exclusive=True)
        if operation == FOLLOW:  # nobody knows what others write
            self._is_followed = False
        self.show_connection()
        what = "" if isinstance(error, Conflict) else _cannot(operation)
        is_away = isinstance(error, StoreUnavailable)
        why = _LINE_DOWN if is_away and self.lost_at is not None else f"{error.message} {error.hint}"
        if operation != READ_CHANGED or not self.status.is_problem:  # which follows on a failure, and is no news then
            self.status.say(f"{what}{why}", is_problem=True)
        if is_away:
            self._in_doubt.update(ids)
            self.screen.set_timer(RETRY_DELAY, self.read_again)
        elif ids and operation != READ_CHANGED:
            self.refresh(ids)
        if undecided and not is_away:
            self.painter.read_doubted()

    def read_again(self) -> None:
        """Retry failed reads, unless the connection is known to be down."""
        if self.lost_at is not None:
            return
        if self.status.message.endswith(_LINE_DOWN):
            self.status.clear()
        self.list.ask_again()
        self.refresh_open_thread()
        self.painter.read_doubted()
        if self._in_doubt:
            in_doubt, self._in_doubt = tuple(self._in_doubt), set()
            self.refresh(in_doubt)

    def _show_keys(self) -> None:
        self.box.show_keys(self.keys["reply.send"], self.keys["reply.newline"])

    def _show_me(self) -> None:
        self.top.me = self.me
        self.list.me = self.me.id
        self.pane.me = self.me
        self.pane.can_chat = self.me.may_chat
        self.pane.can_write = self.work.store.capabilities.reply
        self.header.can_export = self.allows("export")
        self.header.can_search = self.me.may_chat
        self.header.finds_words = self.work.store.capabilities.words
        self.screen.refresh_bindings()


def _cannot(operation: str) -> str:
    return f"Could not {operation}: "
