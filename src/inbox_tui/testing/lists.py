"""Lists as they are defined, not as they are made fast: choose, sort, cut.

The oracle for every store's lists and searches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

import msgspec

from inbox_tui.domain.filters import (
    BEGINNING_IN_MESSAGES,
    BEGINNING_IN_WHAT_IS_KNOWN,
    Order,
    Query,
)
from inbox_tui.domain.models import Conversation, Kind, MemberId, Message
from inbox_tui.domain.paging import Cursor, Page, PageRequest, that_fit
from inbox_tui.domain.sought import Phrase, sought
from inbox_tui.domain.words import require_search, words

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_AFTER_ALL_TIME = 2**62


class Placed(msgspec.Struct, frozen=True):
    """A conversation and where it stands in one ordering: smaller places come first."""

    place: tuple[int, int]
    conversation: Conversation

    @property
    def cursor(self) -> Cursor:
        """The place as clients hold it."""
        return Cursor(*self.place)


def sort_key(conversation: Conversation, order: Order) -> int:
    """The number by which a list in this order ascends. Conversations with equal numbers may stand either way."""
    activity = (conversation.last_activity_at - _EPOCH) // timedelta(microseconds=1)
    waiting = conversation.waiting_since
    match order:
        case Order.NEWEST:
            return -activity
        case Order.OLDEST:
            return activity
        case Order.WAITING:
            return _AFTER_ALL_TIME - activity if waiting is None else (waiting - _EPOCH) // timedelta(microseconds=1)


def rows(
    query: Query, me: MemberId, conversations: Iterable[Conversation], threads: Iterable[Sequence[Message]]
) -> Sequence[Placed]:
    """All rows of a query, in its order.

    Args:
        query: Which list.
        me: Whose.
        conversations: All there are, in the order in which they came.
        threads: The thread of each.
    """
    require_search(query.search)
    order = query.effective_order
    sign = -1 if order is Order.NEWEST else 1
    wanted = [
        Placed((sort_key(conversation, order), sign * number), conversation)
        for number, (conversation, thread) in enumerate(zip(conversations, threads, strict=True))
        if query.filter.matches(conversation, me)
        and query.agent in (None, conversation.agent.id)
        and (not query.search.strip() or is_found(query.search, conversation, thread))
    ]
    return sorted(wanted, key=lambda row: row.place)


def page(query: Query, found: Sequence[Placed], request: PageRequest) -> Page:
    """The rows that the request asks for."""
    limit = max(0, request.limit)
    start: int | None = None
    if request.cursor is None:
        start = max(0, len(found) + request.offset) if request.offset < 0 else min(request.offset, len(found))
        shown = found[start : start + limit]
    else:
        at = (request.cursor.key, request.cursor.tie)
        if request.direction == "after":
            shown = [row for row in found if row.place > at][:limit]
        else:
            before = [row for row in found if row.place < at]
            shown = before[max(0, len(before) - limit) :]
    rows = [row.conversation for row in shown]
    if request.cursor is not None and request.direction == "before":
        fitting = shown[len(rows) - len(that_fit(rows[::-1])) :]
    else:
        fitting = shown[: len(that_fit(rows))]
    return Page(
        query,
        tuple(row.conversation for row in fitting),
        fitting[0].cursor if fitting else None,
        fitting[-1].cursor if fitting else None,
        start,
        len(found) if query.search.strip() else None,
        is_cut=len(fitting) < len(shown),
    )


def is_found(search: str, conversation: Conversation, thread: Sequence[Message]) -> bool:
    """Whether one message, or what is known of the visitor, has all the words, the last as a beginning."""
    lead = conversation.lead
    known = (lead.name, lead.email, lead.phone, lead.company, conversation.topic, conversation.id)
    spoken = ((message.body,) for message in thread if message.kind is not Kind.EVENT)
    return _has_all(known, search, BEGINNING_IN_WHAT_IS_KNOWN) or any(
        _has_all(body, search, BEGINNING_IN_MESSAGES) for body in spoken
    )


def _has_all(texts: Sequence[str], search: str, least: int) -> bool:
    """Whether each term stands in one of the texts, in one of its ways."""
    terms = sought(search, least)
    there = [words(text) for text in texts]
    return bool(terms) and all(any(all(_is_there(phrase, there) for phrase in way) for way in term) for term in terms)


def _is_there(phrase: Phrase, texts: Sequence[Sequence[str]]) -> bool:
    wanted = list(phrase.words)
    places = (list(text[start : start + len(wanted)]) for text in texts for start in range(len(text)))
    return any(
        place == wanted
        or (
            phrase.is_begun
            and len(place) == len(wanted)
            and place[:-1] == wanted[:-1]
            and place[-1].startswith(wanted[-1])
        )
        for place in places
    )
