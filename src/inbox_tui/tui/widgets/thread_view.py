"""The messages of one conversation, painted line by line.

Paints only lines that changed and never asks for a new layout, so that moving through
the list stays cheap. Keeps its place when messages come in above. Reads no store: it
says when earlier messages are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from inbox_tui.domain.models import Conversation, ConversationId, Member, MemberId, Message, MessageId, Thread
from inbox_tui.domain.team import written_by_members
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.below import Below
from inbox_tui.tui.presenters.thread import Line, OnItsWay, ThreadPresenter
from inbox_tui.tui.widgets.plain_lines import PlainLines

STRIPS_KEPT = 2_000
"""Painted lines that are kept: some forty threads, so that moving to and fro paints little."""
WHEEL_LINES = 3
"""Lines that one notch of the wheel moves."""
_STYLES = {
    "text": "",
    "visitor": "bold $inbox-visitor",
    "agent": "bold $inbox-agent",
    "member": "bold $inbox-member",
    "note": "bold $inbox-note",
    "rule": "$inbox-muted",
    "muted": "$inbox-muted",
    "below": "bold $warning",
}
"""What each role of a line looks like; a badge's role is its style already."""


class ThreadView(PlainLines, can_focus=True):
    """Line-API view of a thread; the newest messages stand at the end."""

    DEFAULT_CSS = """
    ThreadView { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.write", "Write into the box", id="thread.write", show=False),
        Binding("up,k", "move(-1)", "Line up", id="thread.up", show=False),
        Binding("down,j", "move(1)", "Line down", id="thread.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="thread.page-up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="thread.page-down", show=False),
        Binding("home,g", "first", "First message", id="thread.first", show=False),
        Binding("end,G", "last", "Newest message", id="thread.last", show=False),
    ]

    class EarlierWanted(FieldMessage):
        """The first loaded message is on screen, and there are messages before it."""

        conversation_id: ConversationId
        before: MessageId

    def __init__(self, zone: tzinfo | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._presenter = ThreadPresenter(zone)
        self._conversation: Conversation | None = None
        self._messages: tuple[Message, ...] = ()
        self._pending: tuple[OnItsWay, ...] = ()
        self._has_earlier = False
        self._asked_before: MessageId | None = None
        self._now: datetime | None = None
        self._follows = True
        """The end was on screen when the member last moved; a smaller window must not change that."""
        self._below = Below()
        self._lines: list[Line] = []
        self._laid_out_for = 0
        self._styles_by_role: dict[str, Style] = {}
        self._strips: dict[Line, Strip] = {}

    @property
    def messages(self) -> tuple[Message, ...]:
        """The loaded messages, oldest first, without those on their way."""
        return self._messages

    @property
    def unseen(self) -> tuple[Message, ...]:
        """What came in below what is on screen, and has not been on it."""
        return self._below.messages

    @property
    def is_at_end(self) -> bool:
        """The newest line is on screen."""
        return self.scroll_offset.y >= self.max_scroll_y

    @property
    def _text_width(self) -> int:
        return self.scrollable_content_region.width

    def show(self, thread: Thread) -> None:
        """Show a thread. Another conversation starts at its end; the same one keeps its place.

        A shorter reading of the same conversation does not drop earlier messages that join it.
        """
        is_same = self._conversation is not None and self._conversation.id == thread.conversation.id
        messages, has_earlier = thread.messages, thread.has_earlier
        if is_same:
            messages, has_earlier = self._joined(thread)
        else:
            self._pending = ()
            self._asked_before = None
            self._below.begin()
        was_read = is_same and bool(self._messages)
        self._conversation, self._messages, self._has_earlier = thread.conversation, messages, has_earlier
        self._lay_out(keep_place=was_read)

    def prepend(self, thread: Thread) -> None:
        """Add messages from before those that are shown; what is on screen stays where it is."""
        if self._conversation is None or self._conversation.id != thread.conversation.id:
            return
        known = {message.id for message in self._messages}
        earlier = tuple(message for message in thread.messages if message.id not in known)
        self._messages = earlier + self._messages
        self._has_earlier = thread.has_earlier
        self._lay_out(keep_place=True)

    def append(self, message: Message) -> None:
        """Add a message at the end, unless it is there already."""
        if any(known.id == message.id for known in reversed(self._messages)):
            return
        self._messages += (message,)
        self._lay_out(keep_place=True)

    def renew(self, members: Mapping[MemberId, Member]) -> None:
        """Show colleagues as they are now."""
        renewed = tuple(written_by_members(message, members) for message in self._messages)
        if renewed != self._messages:
            self._messages = renewed
            self._lay_out(keep_place=True)

    def show_pending(self, pending: Sequence[OnItsWay]) -> None:
        """Show what is on its way to the store, in place of what was shown as such before."""
        if tuple(pending) != self._pending:
            self._pending = tuple(pending)
            self._lay_out(keep_place=True)

    def begin(self, conversation: Conversation | None) -> None:
        """Show a conversation whose messages are not read yet (what is on its way can be shown), or nothing."""
        self._conversation, self._messages, self._pending, self._has_earlier = conversation, (), (), False
        self._asked_before = None
        self._below.begin()
        self._lay_out(keep_place=False)

    def go_to_end(self) -> None:
        """Show the newest line, be it on its way yet, and those that come after it."""
        self._follows = True
        self._lay_out(keep_place=True)

    def set_now(self, now: datetime) -> None:
        """Tell the present, by which days are named."""
        self._now = now
        self._lay_out(keep_place=True)

    def page(self, direction: int) -> None:
        """Move by what is visible, one line kept for the eye: 1 is towards newer messages, -1 older."""
        self._scroll_by(direction * max(1, self.size.height - 1))

    def action_move(self, lines: int) -> None:
        """Move by lines."""
        self._scroll_by(lines)

    def action_page(self, direction: int) -> None:
        """Move by what is visible."""
        self.page(direction)

    def action_first(self) -> None:
        """Go to the first loaded message."""
        self._scroll_by(-len(self._lines))

    def action_last(self) -> None:
        """Go to the newest message."""
        self._scroll_by(len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line of the window into the thread."""
        width = self._text_width
        place = self.scroll_offset.y + y
        if self.unseen and y == self.size.height - 1:
            foot = Segment(f"↓ {len(self.unseen):,} new below", self._style("below"))
            return Strip([foot]).adjust_cell_length(width, self._style("text"))
        if place >= len(self._lines):
            return Strip.blank(width, self._style("text"))
        line = self._lines[place]
        strip = self._strips.get(line)
        if strip is None:
            segments = [Segment(text, self._style(role)) for text, role in line.segments]
            strip = Strip(segments).adjust_cell_length(width, self._style("text"))
            if len(self._strips) >= STRIPS_KEPT:
                self._strips.clear()
            self._strips[line] = strip
        return strip

    def notify_style_update(self) -> None:
        """Another theme: what was painted is stale."""
        super().notify_style_update()
        self._styles_by_role.clear()
        self._strips.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the width that there is now, and keep to the end if that was shown."""
        self._lay_out(keep_place=self._laid_out_for > 0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move towards newer messages."""
        event.stop()
        event.prevent_default()
        self._scroll_by(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move towards older messages."""
        event.stop()
        event.prevent_default()
        self._scroll_by(-WHEEL_LINES)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for earlier messages when the top comes into view."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_at_end
        self._see()
        self._ask_for_earlier()

    def _joined(self, thread: Thread) -> tuple[tuple[Message, ...], bool]:
        """The loaded messages from before the first of ``thread``, and then its own."""
        first = thread.messages[0].id if thread.messages else None
        for place, message in enumerate(self._messages):
            if message.id == first:
                if place == 0:
                    break
                return self._messages[:place] + thread.messages, self._has_earlier
        return thread.messages, thread.has_earlier

    def _scroll_by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)
        self._ask_for_earlier()

    def _ask_for_earlier(self) -> None:
        if not (self._has_earlier and self._messages and self._conversation and self.size.height):
            return
        first = self._messages[0].id
        if self.scroll_offset.y == 0 and self._asked_before != first:
            self._asked_before = first
            self.post_message(self.EarlierWanted(self._conversation.id, first))

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
            known = {message.key for message in self._messages if message.key}
            pending = [sent for sent in self._pending if sent.message.key not in known]
            self._lines = self._presenter.lines(self._conversation, self._messages, width, self._now, pending)
        self._set_height(len(self._lines))
        top = self.max_scroll_y
        if keep_place and not self._follows:
            top = self._place_of(before, top_before)
        top = max(0, min(top, self.max_scroll_y))
        self.set_reactive(Widget.scroll_y, float(top))
        self.set_reactive(Widget.scroll_target_y, float(top))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = top
        self._follows = self.is_at_end
        self._repaint_changed(before, top_before, top)
        self._see()
        self._ask_for_earlier()

    def _see(self) -> None:
        """What is on screen has been seen; what is below it is counted at the foot."""
        top, height = self.scroll_offset.y, self.size.height
        if not (height and self._messages):
            return
        bottom = top + height - (1 if self.unseen else 0)  # where the foot stands, nothing is read
        on_screen = (line.message for line in self._lines[top:bottom])
        if self._below.look(self._messages, on_screen, is_at_end=self.is_at_end):
            self.refresh(Region(0, height - 1, self._text_width, 1))

    def _place_of(self, before: Sequence[Line], top: int) -> int:
        """Where the line that stood at ``top`` stands now: its message, and as far into it."""
        while top < len(before) and before[top].message is None:
            top += 1
        if top >= len(before):
            return top
        id = before[top].message
        into = sum(1 for line in before[:top] if line.message == id)
        places = [place for place, line in enumerate(self._lines) if line.message == id]
        return places[min(into, len(places) - 1)] if places else top

    def _set_height(self, height: int) -> None:
        # The plain assignment would lay out the whole screen again, which costs more than all of this.
        self.set_reactive(Widget.virtual_size, Size(self._text_width, height))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = height
            self.vertical_scrollbar.window_size = self.size.height

    def _repaint_changed(self, before: Sequence[Line], top_before: int, top: int) -> None:
        height = self.size.height
        old = before[top_before : top_before + height]
        new = self._lines[top : top + height]
        changed = [y for y in range(height) if old[y : y + 1] != new[y : y + 1]]
        regions: list[Region] = []
        for y in changed:
            if regions and regions[-1].bottom == y:
                regions[-1] = regions[-1].grow((0, 0, 1, 0))
            else:
                regions.append(Region(0, y, self._text_width, 1))
        if regions:
            self.refresh(*regions)

    def _style(self, role: str) -> Style:
        style = self._styles_by_role.get(role)
        if style is None:
            own = self.app.stylesheet.parse_style(_STYLES.get(role, role))
            style = (self.visual_style + own).rich_style
            self._styles_by_role[role] = style
        return style
