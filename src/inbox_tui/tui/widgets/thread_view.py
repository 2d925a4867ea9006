"""The messages of one conversation, painted line by line.

Paints only lines that changed and never asks for a new layout, so that moving through
the list stays cheap. Keeps its place when messages come in above. Reads no store: it
says when earlier messages are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from textual import events
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from inbox_tui.domain.hits import Hits
from inbox_tui.domain.models import (
    FROM_START,
    Conversation,
    ConversationId,
    Member,
    MemberId,
    Message,
    MessageId,
    Thread,
)
from inbox_tui.domain.team import written_by_members
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.below import Below
from inbox_tui.tui.presenters.hit_cursor import Beyond, HitCursor
from inbox_tui.tui.presenters.stretch import Stretch
from inbox_tui.tui.presenters.thread import PendingMessage, ThreadPresenter
from inbox_tui.tui.presenters.thread_places import same_place, top_for
from inbox_tui.tui.terminal.private import start_scroll_bar
from inbox_tui.tui.widgets.line_scroll_bar import LineScrollBar
from inbox_tui.tui.widgets.thread_scroll import ThreadScroll
from inbox_tui.tui.widgets.thread_strips import ThreadStrips
from inbox_tui.tui.widgets.thread_wants import EndWanted, HitMissed, HitWanted, LaterWanted


class ThreadView(ThreadScroll, can_focus=True):
    """A thread; the newest messages stand at the end."""

    class EarlierWanted(FieldMessage):
        """The first loaded message is on screen, and there are messages before it."""

        conversation_id: ConversationId
        before: MessageId

    _bar: ScrollBar | None = None

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._presenter = ThreadPresenter(zone)
        self._conversation: Conversation | None = None
        self._stretch = Stretch()
        self._pending: tuple[PendingMessage, ...] = ()
        self._asked: set[MessageId] = set()
        """The ends of the stretch beyond which messages were asked for."""
        self._newest_seen: MessageId | None = None
        self._cursor = HitCursor()
        self._goal: MessageId | None = None
        """What is to be on screen once there is a screen."""
        self._now: datetime | None = None
        self._follows = True
        """The end was on screen when the member last moved; a smaller window must not change that."""
        self._below = Below()
        self._laid_out_for = 0
        self._strips = ThreadStrips(self._parse_style)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The loaded messages, oldest first, without those on their way."""
        return self._stretch.messages

    @property
    def hits(self) -> Hits | None:
        """The search whose words are marked."""
        return self._cursor.hits

    @property
    def newest_seen(self) -> MessageId | None:
        """The newest message that was loaded since the conversation was opened."""
        return self._newest_seen

    @property
    def unseen(self) -> tuple[Message, ...]:
        """What came in below what is on screen, and has not been on it."""
        return self._below.messages

    @property
    def is_at_end(self) -> bool:
        """The newest line is on screen."""
        return self.scroll_offset.y >= self.max_scroll_y and not self._stretch.has_later

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, made when it is first asked for."""
        if self._bar is None:
            self._bar = LineScrollBar(name="vertical", thickness=self.scrollbar_size_vertical)
            start_scroll_bar(self, self._bar)
        return self._bar

    def show(self, thread: Thread) -> None:
        """Show a thread. Another conversation starts at its newest hit, or its end; the same one keeps its place.

        A shorter reading of the same conversation does not drop earlier messages that join it.
        """
        if not self._is_shown(thread):
            self._forget()
        was_read = bool(self._stretch.messages)
        self._conversation = thread.conversation
        self._put(self._stretch.with_newest(thread))
        if self._stretch.has_later:
            self._see_below(thread.messages, ())
        self._lay_out(keep_place=was_read)
        if not was_read:
            self._open_at_hit()

    def jump(self, thread: Thread, to: MessageId | None) -> None:
        """Show another stretch of the same conversation, beginning at ``FROM_START``, around a hit, or at the end."""
        if self._is_shown(thread):
            self._put(Stretch.of(thread))
            self._goal = to
            self._cursor.at = None if to == FROM_START else to
            self._lay_out(keep_place=False)

    def look_for(self, search: str) -> None:
        """Mark the words of a search, and go to the newest message that has them; "" marks none."""
        if self._cursor.look_for(search):
            self._lay_out(keep_place=True)
            self._open_at_hit()

    def go_to_hit(self, direction: int) -> None:
        """Go to the next message that has the words of the search: 1 is towards newer ones, -1 older."""
        if self._cursor.hits and self.messages:
            found = self._cursor.next(self._stretch, self._on_screen(direction), direction)
            if found is None:
                self.post_message(HitMissed(direction))
            else:
                self._go_to(found, is_asked_for=True)

    def prepend(self, thread: Thread) -> None:
        """Add messages from before those that are shown; what is on screen stays where it is."""
        if self._is_shown(thread):
            self._put(self._stretch.with_earlier(thread))
            self._lay_out(keep_place=True)

    def extend(self, thread: Thread) -> None:
        """Add messages from after those that are shown."""
        if self._is_shown(thread):
            self._put(self._stretch.with_later(thread))
            self._lay_out(keep_place=True)

    def append(self, message: Message) -> None:
        """Add a message at the end, unless it is there already, or what stands before it is not loaded."""
        stretch = self._stretch.with_message(message)
        if stretch is not self._stretch:
            self._put(stretch)
            self._lay_out(keep_place=True)

    def renew(self, members: Mapping[MemberId, Member]) -> None:
        """Show colleagues as they are now."""
        renewed = tuple(written_by_members(message, members) for message in self.messages)
        if renewed != self.messages:
            self._stretch = self._stretch._replace(messages=renewed)
            self._lay_out(keep_place=True)

    def show_pending(self, pending: Sequence[PendingMessage]) -> None:
        """Show what is on its way to the store, in place of what was shown as such before."""
        if tuple(pending) != self._pending:
            self._pending = tuple(pending)
            if pending and self._stretch.has_later:
                self.action_last()  # where it will stand
            self._lay_out(keep_place=True)

    def begin(self, conversation: Conversation | None) -> None:
        """Show a conversation whose messages are not read yet (what is on its way can be shown), or nothing."""
        self._forget()
        self._conversation = conversation
        self._lay_out(keep_place=False)

    def go_to_end(self) -> None:
        """Show the newest line, be it on its way yet, and those that come after it."""
        if self._stretch.has_later:
            self.action_last()
        self._follows = True
        self._lay_out(keep_place=True)

    def distrust(self) -> None:
        """What is loaded may be of a history that a restore undid: only the newest messages can join what is read."""
        if self._stretch.has_later:
            self.begin(self._conversation)

    def set_now(self, now: datetime) -> None:
        """Tell the present, by which days are named."""
        before, self._now = self._now, now
        if before is None or not self._presenter.is_same_day(before, now):
            self._lay_out(keep_place=True)

    def action_first(self) -> None:
        """Go to the first message, however long the thread is."""
        self._cursor.at = None
        if self._stretch.has_earlier and self._conversation is not None:
            self.post_message(EndWanted(self._conversation.id, is_first=True))
        else:
            super().action_first()

    def action_last(self) -> None:
        """Go to the newest message."""
        self._cursor.at = None
        if self._stretch.has_later and self._conversation is not None:
            self.post_message(EndWanted(self._conversation.id, is_first=False))
        else:
            super().action_last()

    def render_line(self, y: int) -> Strip:
        """One line of the window into the thread."""
        width = self._text_width
        place = self.scroll_offset.y + y
        if self.unseen and y == self.size.height - 1:
            return self._strips.words(f"↓ {len(self.unseen):,} new below", "below", width)
        if place >= len(self._lines):
            return self._strips.blank(width)
        return self._strips.line(self._lines[place], width)

    def notify_style_update(self) -> None:
        """Another theme: what was painted is stale."""
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the width that there is now, and keep to the end if that was shown."""
        self._lay_out(keep_place=self._laid_out_for > 0)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for more messages when an end of those that are loaded comes into view."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_at_end
        self._see()
        self._ask_for_more()

    def _is_shown(self, thread: Thread) -> bool:
        return self._conversation is not None and self._conversation.id == thread.conversation.id

    def _forget(self) -> None:
        """Nothing is known of the conversation yet."""
        self._stretch, self._pending = Stretch(), ()
        self._asked.clear()
        self._below.begin()
        self._newest_seen = self._cursor.at = self._goal = None

    def _put(self, stretch: Stretch) -> None:
        self._stretch = stretch
        if stretch.messages and not stretch.has_later:
            self._newest_seen = stretch.messages[-1].id

    def _open_at_hit(self) -> None:
        """Go to the newest message that has the words, or ask for one from further up."""
        found = self._cursor.newest(self._stretch)
        if found is not None:
            self._go_to(found, is_asked_for=False)

    def _go_to(self, place: MessageId | Beyond, *, is_asked_for: bool) -> None:
        if not isinstance(place, Beyond):
            self._goal = self._cursor.at = place
            self._lay_out(keep_place=True)
        elif self._conversation is not None and self.hits is not None:
            self.post_message(HitWanted(self._conversation.id, self.hits, *place, is_asked_for=is_asked_for))

    def _on_screen(self, direction: int) -> MessageId | None:
        """The first message on screen, from which later hits are looked for, or the last one, for earlier ones."""
        top = self.scroll_offset.y
        lines = self._lines[top : top + self.size.height]
        return next((line.message for line in (lines if direction > 0 else lines[::-1]) if line.message), None)

    def _scroll_by(self, lines: int) -> None:
        super()._scroll_by(lines)
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        messages, conversation = self.messages, self._conversation
        if not (messages and conversation and self.size.height):
            return
        first, last = messages[0].id, messages[-1].id
        if self._stretch.has_earlier and self.scroll_offset.y == 0 and first not in self._asked:
            self._asked.add(first)
            self.post_message(self.EarlierWanted(conversation.id, first))
        is_bottom = self.scroll_offset.y >= self.max_scroll_y
        if self._stretch.has_later and is_bottom and last not in self._asked:
            self._asked.add(last)
            self.post_message(LaterWanted(conversation.id, last))

    def _lay_out(self, *, keep_place: bool) -> None:
        width = self._text_width
        if width <= 0:
            return
        before, top_before = self._lines, self.scroll_offset.y
        if width != self._laid_out_for:
            self._strips.clear()
        self._laid_out_for = width
        if self._conversation is None:
            self._lines = []
        else:
            known = {message.key for message in self.messages if message.key}
            pending = [sent for sent in self._pending if sent.message.key not in known and not self._stretch.has_later]
            self._lines = self._presenter.lines(
                self._conversation, self.messages, width, self._now, pending, hits=self._cursor.hits
            )
        self._set_height(len(self._lines))
        top = self.max_scroll_y
        if self._goal is not None and self.size.height:
            top = top_for(self._goal, self._lines, self.size.height)
            self._goal = None
        elif keep_place and not self._follows:
            top = same_place(before, top_before, self._lines)
        top = max(0, min(top, self.max_scroll_y))
        self.set_reactive(Widget.scroll_y, float(top))
        self.set_reactive(Widget.scroll_target_y, float(top))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = top
        self._follows = self.is_at_end
        self._repaint_changed(before, top_before, top)
        self._see()
        self._ask_for_more()

    def _see(self) -> None:
        """What is on screen has been seen; what is below it is counted at the foot."""
        top, height = self.scroll_offset.y, self.size.height
        if height and not self._stretch.has_later:
            bottom = top + height - (1 if self.unseen else 0)  # where the foot stands, nothing is read
            on_screen = [line.message for line in self._lines[top:bottom]]
            self._see_below(self.messages, on_screen, is_at_end=self.is_at_end)

    def _see_below(
        self, messages: Sequence[Message], on_screen: Sequence[MessageId | None], *, is_at_end: bool = False
    ) -> None:
        if messages and self._below.look(messages, on_screen, is_at_end=is_at_end):
            self.refresh(Region(0, self.size.height - 1, self._text_width, 1))
