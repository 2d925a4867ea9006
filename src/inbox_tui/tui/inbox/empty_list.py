"""An empty list: why it is empty, which key helps, and who may fill it."""

from __future__ import annotations

from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Access
from inbox_tui.domain.words import NO_WORDS, has_words
from inbox_tui.store.protocol import Intake
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.keys import OFFERS
from inbox_tui.tui.presenters.keys import KeyNames


def empty_text(query: Query, keys: KeyNames, *, is_unused: bool) -> str:
    """The text, in one or more lines.

    Args:
        query: The query of the list.
        keys: The keys in force.
        is_unused: The inbox has never held anything, and the member may fill it.
    """
    if query.search and not has_words(query.search):
        return f"{NO_WORDS} Esc clears the search."
    if query.search:
        return f"No matches in {query.filter.label}. Esc clears the search."
    if is_unused:
        hint = f"{keys['inbox.open']} chooses · {keys['app.commands']} commands"
        return "\n".join(["No conversations yet.", "", *(words for words, _ in OFFERS), "", hint])
    return query.filter.entry.empty.format(next_waiting=keys["inbox.next-waiting"])


def may_fill(context: InboxContext) -> bool:
    """Whether the inbox is on this machine and the member's to fill."""
    store = context.work.store
    return isinstance(store, Intake) and not store.capabilities.outbox and context.me.access is Access.ADMIN


def has_sample(context: InboxContext) -> bool:
    """Whether the sample is in the inbox, and the member's to take out."""
    from inbox_tui.operations.sample import names_sample  # not on the first screen

    may = context.work.store.capabilities.upkeep and context.me.access is Access.ADMIN
    return may and names_sample(context.members)
