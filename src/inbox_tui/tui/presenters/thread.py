"""A conversation's messages as lines of text with roles, ready to be painted.

Wraps by the cells that a terminal gives to characters and remembers what it wrapped,
so that a thread that was shown once costs next to nothing the next time. All text
that came from a store is cleaned here. Knows no widget, no style and no clock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

from inbox_tui.domain.hits import Hits, Span
from inbox_tui.domain.models import Author, Conversation, Kind, Member, Message, MessageId
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.domain.times import clock_time, local
from inbox_tui.operations.importers import importers
from inbox_tui.tui.presenters.badges import badge_segment
from inbox_tui.tui.presenters.passages import piece_of, what_is_left
from inbox_tui.tui.presenters.times import day_label

GROUP_WITHIN = timedelta(minutes=5)
"""Messages of one author this close together share one author line."""
MAX_CHARACTERS = 2_000_000
"""Wrapped text that is kept; what was used longest ago goes first."""
_LONG_AGO = datetime(1, 1, 2, tzinfo=timezone.utc)
"""Another year than that of any message."""
_INDENT = "  "
_BAR = "▌ "
_RULE = "─"

Segment = tuple[str, str]
"""Text without line breaks, and the role that it plays: ``text``, ``visitor``, ``agent``,
``member``, ``note``, ``rule``, ``muted``, ``mark`` (a word of the search); for a badge the style itself."""


class ThreadLine(NamedTuple):
    """One line of the thread."""

    segments: tuple[Segment, ...]
    message: MessageId | None = None
    """The message that the line belongs to; None for what stands between messages."""

    @property
    def text(self) -> str:
        """The line as it reads."""
        return "".join(text for text, _ in self.segments)


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines of at most ``width`` cells, between words where possible.

    Line breaks in the text are kept; spaces at the end of a line are not. ``width`` must
    be 2 or more, for some characters take two cells.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if cell_len(paragraph) <= width:
            lines.append(paragraph.rstrip(" "))
        else:
            lines += _wrap_paragraph(paragraph, width)
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line, used = "", 0
    for word in _words(paragraph):
        length = cell_len(word)
        if used + cell_len(word.rstrip(" ")) <= width:
            line, used = line + word, used + length
            continue
        if line.strip(" "):
            lines.append(line.rstrip(" "))
        *full, line = chop_cells(word, width)
        lines += full
        used = cell_len(line)
    lines.append(line.rstrip(" "))
    return lines


def _words(paragraph: str) -> Iterable[str]:
    """The words, each with the spaces that follow it."""
    start = place = 0
    while (place := paragraph.find(" ", place)) >= 0:
        while place < len(paragraph) and paragraph[place] == " ":
            place += 1
        yield paragraph[start:place]
        start = place
    if start < len(paragraph):
        yield paragraph[start:]


def _marked(text: str, wrapped: Sequence[str], spans: Sequence[Span]) -> list[list[Segment]]:
    """The lines of a wrapped text, with what the spans hold marked; a span may go on in the next line."""
    lines: list[list[Segment]] = []
    place = 0
    for line in wrapped:
        start = text.find(line, place)
        place = end = start + len(line)
        parts: list[Segment] = []
        at = start
        for begin, stop in spans:
            if begin < end and stop > at:
                parts += [(text[at : max(at, begin)], "text"), (text[max(at, begin) : min(stop, end)], "mark")]
                at = min(stop, end)
        parts.append((text[at:end], "text"))
        lines.append([part for part in parts if part[0]] or [("", "text")])
    return lines


class PendingMessage(NamedTuple):
    """A message that the store does not have yet."""

    message: Message
    state: str
    """What becomes of it, in place of the time."""


_Key = tuple[MessageId, int, Hits | None]
"""What the lines of a message depend on besides its text: which it is, the width, and what is marked."""


class ThreadPresenter:
    """Lays threads out. One is enough for a screen; it may be asked for any width."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._wrapped: OrderedDict[_Key, tuple[str, tuple[ThreadLine, ...]]] = OrderedDict()
        self._kept = 0

    def is_same_day(self, one: datetime, other: datetime) -> bool:
        """Whether two presents name the days of a thread alike."""
        return local(one, self._zone).date() == local(other, self._zone).date()

    def lines(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        width: int,
        now: datetime | None,
        pending: Sequence[PendingMessage] = (),
        *,
        hits: Hits | None = None,
    ) -> list[ThreadLine]:
        """The thread, oldest message first, then what is on its way to the store.

        ``now`` is the present; as long as it is not known (None), days are named in full. The words of ``hits`` are
        marked.
        """
        lines: list[ThreadLine] = []
        width = max(width, len(_INDENT) + 2)
        previous: Message | None = None
        day = ""
        states = {sent.message.id: sent.state for sent in pending}
        shown = (*messages, *(sent.message for sent in pending))
        for message, importer in zip(shown, importers(shown), strict=True):
            is_pending = message.id in states
            label = day_label(message.created_at, now or _LONG_AGO, self._zone)
            if label != day:
                day = label
                lines.append(_day_rule(label, width))
                previous = None
            if importer is not None:
                lines.append(_import_line(importer, width))
                previous = None
            if message.kind is Kind.EVENT:
                lines += self._event(message, width)
            else:
                if not _continues(message, previous) or is_pending:
                    when = states.get(message.id) or self._when(message)
                    lines.append(self._author_line(conversation, message, width, when))
                lines += self._body(conversation, message, width, hits)
            previous = None if is_pending else message
        return lines

    def _author_line(self, conversation: Conversation, message: Message, width: int, when: str) -> ThreadLine:
        segments: list[Segment] = []
        role = {Author.VISITOR: "visitor", Author.AGENT: "agent"}.get(message.author, "member")
        if message.kind is Kind.NOTE:
            segments += [(_BAR, "note"), ("note ", "note")]
        if message.member is not None and message.author is Author.MEMBER:
            segments += [badge_segment(message.member), (" ", "text")]
        name = _author_name(conversation, message)
        room = width - sum(cell_len(text) for text, _ in segments) - cell_len(when) - 1
        segments += [(shortened(name, room), role), (f" {when}", "muted")]
        return ThreadLine(tuple(segments), message.id)

    def _body(
        self, conversation: Conversation, message: Message, width: int, hits: Hits | None
    ) -> tuple[ThreadLine, ...]:
        key = (message.id, width, hits)
        known = self._wrapped.get(key)
        if known is not None and known[0] == message.body:
            self._wrapped.move_to_end(key)
            return known[1]
        is_note = message.kind is Kind.NOTE
        start, role = (_BAR, "note") if is_note else (_INDENT, "text")
        piece = piece_of(message.body)
        wrapped = wrap(piece.text, width - len(start))
        bodies = (
            _marked(piece.text, wrapped, hits.spans(piece.text)) if hits else [[(text, "text")] for text in wrapped]
        )
        shown = [ThreadLine(((start, role), *body), message.id) for body in bodies]
        if left := what_is_left(piece, conversation.id):
            words = wrap(left, width - len(start))
            shown += [ThreadLine(((start, role), (text, "muted")), message.id) for text in words]
        lines = tuple(shown)
        self._keep(key, message.body, lines)
        return lines

    def _when(self, message: Message) -> str:
        return "damaged" if message.damage else clock_time(message.created_at, self._zone)

    def _event(self, message: Message, width: int) -> list[ThreadLine]:
        when = self._when(message)
        wrapped = wrap(f"{clean_line(message.body)} · {when}", width - 6)
        first, *others = [f"{_RULE * 2} {text} {_RULE * 2}" for text in wrapped]
        return [ThreadLine(((text, "rule"),), message.id) for text in (first, *others)]

    def _keep(self, key: _Key, body: str, lines: tuple[ThreadLine, ...]) -> None:
        if replaced := self._wrapped.pop(key, None):
            self._kept -= len(replaced[0])
        self._wrapped[key] = (body, lines)
        self._kept += len(body)
        while self._kept > MAX_CHARACTERS and len(self._wrapped) > 1:
            _, (dropped, _) = self._wrapped.popitem(last=False)
            self._kept -= len(dropped)


def _continues(message: Message, previous: Message | None) -> bool:
    """Whether a message goes on where its author left off."""
    return (
        previous is not None
        and previous.author is message.author
        and previous.kind is message.kind
        and (previous.member.id if previous.member else None) == (message.member.id if message.member else None)
        and message.created_at - previous.created_at <= GROUP_WITHIN
    )


def _author_name(conversation: Conversation, message: Message) -> str:
    match message.author:
        case Author.VISITOR:
            return clean_name(conversation.visitor)
        case Author.AGENT:
            return f"{clean_name(conversation.agent.name)} (AI)"
        case Author.MEMBER:
            return clean_name(message.member.label) if message.member else "A colleague"
        case Author.SYSTEM:
            return "System"


def _day_rule(label: str, width: int) -> ThreadLine:
    start = f"{_RULE * 2} {label} "
    return ThreadLine(((set_cell_size(start + _RULE * max(0, width - cell_len(start)), width), "rule"),))


def _import_line(importer: Member, width: int) -> ThreadLine:
    return ThreadLine(((shortened(f"Imported by {clean_name(importer.label)}", width), "muted"),))


def shortened(text: str, width: int) -> str:
    """The text, or as much of it as fits into ``width`` cells with a ``…`` at the end."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip(" ") + "…" if width > 0 else ""
