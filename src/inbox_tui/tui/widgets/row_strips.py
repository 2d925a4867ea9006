"""The two lines of a conversation's row, drawn to an exact width and kept.

Knows columns and styles, no list and no store. Widths are measured in terminal
columns; text is taken as cleaned.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Conversation, ConversationId, MemberId
from inbox_tui.domain.text import clean_name
from inbox_tui.tui.presenters.badges import NOBODY, badge_style, badge_text
from inbox_tui.tui.presenters.rows import RESOLVED_MARK, RowCells, row_cells
from inbox_tui.tui.presenters.thread import shortened
from inbox_tui.tui.widgets.row_scroll import Thumb

HIGHLIGHT_MARK = "▌"
SELECTED_MARK = "×"
PLACEHOLDER = "…"
THUMB = "▐"
YOU = "you"
"""Stands in the place of the member's own badge."""
INDENT = 3
"""Columns before the visitor's name and the last line: for the marks."""
_BADGE_WIDTH = 4
_ROOMY = 40
"""Columns from which on a wait is spelled out."""
_LEAST_NAME = 4
"""Columns of the name below which the age gives way."""
_CACHE_SIZE = 600

StyleOf = Callable[[str], Style]
"""Name of a part of the row (``name``, ``muted``, …) or a style such as ``bold $badge-red`` → style."""


class RowState(NamedTuple):
    """What a row shows besides its conversation."""

    is_highlighted: bool = False
    is_selected: bool = False
    thumb: Thumb = Thumb()
    words: tuple[str, ...] = ()
    """What else there is to it, in words, at the end of the second line."""


class _Drawn(NamedTuple):
    conversation: Conversation
    now: datetime
    when: str
    lines: tuple[Strip, Strip]


class RowStrips:
    """Draws rows and keeps what was drawn until it would look different."""

    def __init__(self, style_of: StyleOf) -> None:
        self._find_style = style_of
        self._styles: dict[str, Style] = {}
        self._drawn: dict[tuple[ConversationId, RowState], _Drawn] = {}
        self._width = 0
        self.query = Query()
        """What the list shows; ``clear`` after a change."""
        self.me: MemberId | None = None
        """Who looks; ``clear`` after a change."""
        self.now = datetime.fromtimestamp(0, UTC)
        """The present. Only rows whose age reads differently are drawn again."""

    def clear(self) -> None:
        """Forget everything that was drawn, and the styles."""
        self._drawn.clear()
        self._styles.clear()

    def style(self, name: str) -> Style:
        """A part's style, as kept since it was first asked for."""
        if name not in self._styles:
            self._styles[name] = self._find_style(name)
        return self._styles[name]

    def row(self, conversation: Conversation, state: RowState, width: int) -> tuple[Strip, Strip]:
        """Both lines of a row: the same object as long as nothing in them changes."""
        if width != self._width or len(self._drawn) > _CACHE_SIZE:
            self._drawn.clear()
            self._width = width
        key = (conversation.id, state)
        known = self._drawn.get(key)
        if known is not None and known.conversation is conversation and known.now is self.now:
            return known.lines
        cells = row_cells(conversation, self.query, self.me, self.now)
        if known is not None and known.conversation is conversation and known.when == cells.when:
            lines = known.lines
        else:
            lines = self._first(cells, state, width), self._second(cells, state, width)
        self._drawn[key] = _Drawn(conversation, self.now, cells.when, lines)
        return lines

    def reads_differently(self, conversation: Conversation, before: datetime) -> bool:
        """Whether a row's age reads otherwise now than it did before."""
        then, now = (row_cells(conversation, self.query, self.me, at).when for at in (before, self.now))
        return then != now

    def placeholder(self, state: RowState, width: int) -> tuple[Strip, Strip]:
        """Both lines of a row that is not loaded yet."""
        sign = set_cell_size(f"  {PLACEHOLDER}", width - 2)
        nothing = " " * (width - 2)
        first, second = ([Segment(text, self.style("muted"))] for text in (sign, nothing))
        return self._line(first, state, state.thumb.first), self._line(second, state, state.thumb.second)

    def centred(self, text: str, width: int) -> Strip:
        """A line that stands in the place of rows."""
        margin = " " * ((width - cell_len(text)) // 2)
        return Strip([Segment(fit(margin + text, width), self.style("muted"))], width)

    def _first(self, cells: RowCells, state: RowState, width: int) -> Strip:
        badge, badge_look = _badge(cells, self.me)
        when = cells.when if width >= _ROOMY else cells.short_when
        room = width - INDENT - cell_len(badge) - 2
        if room - cell_len(when) - 1 < _LEAST_NAME:
            when = ""
        name_width = max(0, room - cell_len(when) - 1)
        name_look = "left" if cells.has_left else "name-highlighted" if state.is_highlighted else "name"
        when_look = "waiting" if cells.is_waiting and not cells.has_left else "muted"
        segments = [
            Segment(f"{cells.mark or ' '} ", self.style("resolved" if cells.mark == RESOLVED_MARK else "waiting")),
            Segment(fit(cells.visitor, name_width), self.style(name_look)),
            Segment(f" {when} ", self.style(when_look)),
            Segment(badge, self.style(badge_look)),
        ]
        return self._line(segments, state, state.thumb.first)

    def _second(self, cells: RowCells, state: RowState, width: int) -> Strip:
        address = _address(cells, self.me, width // 2)
        words = "".join(f" {word}" for word in state.words)
        room = width - INDENT - 1 - cell_len(address)
        if cell_len(words) > room:
            words = ""
        segments = [
            Segment(f"{SELECTED_MARK if state.is_selected else ' '} ", self.style("mark")),
            Segment(fit(cells.writer + cells.last_line, room - cell_len(words)) + address, self.style("muted")),
            Segment(words, self.style("name")),
        ]
        return self._line(segments, state, state.thumb.second)

    def _line(self, segments: list[Segment], state: RowState, has_thumb: bool) -> Strip:
        mark = Segment(HIGHLIGHT_MARK if state.is_highlighted else " ", self.style("mark"))
        thumb = Segment(THUMB if has_thumb else " ", self.style("thumb"))
        return Strip([mark, *segments, thumb])


def fit(text: str, width: int) -> str:
    """Text in exactly ``width`` columns: padded, or cut so that it ends in ``…``."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def _address(cells: RowCells, me: MemberId | None, most: int) -> str:
    """Whose the badge is, where several members have one name."""
    holder = cells.holder
    return (
        f" {shortened(clean_name(holder.email), most)}"
        if holder is not None and holder.is_namesake and holder.id != me
        else ""
    )


def _badge(cells: RowCells, me: MemberId | None) -> tuple[str, str]:
    if cells.holder is None:
        text, look = NOBODY, "muted"
    else:
        text = YOU if cells.holder.id == me else badge_text(cells.holder)
        look = badge_style(cells.holder)
    return text + " " * (_BADGE_WIDTH - cell_len(text)), look
