"""What an empty list says: why it is empty, and which key helps."""

from __future__ import annotations

from inbox_tui.domain.filters import Query
from inbox_tui.domain.words import NO_WORDS, has_words
from inbox_tui.tui.inbox.keys import OFFERS
from inbox_tui.tui.presenters.keys import KeyNames


def empty_text(query: Query, keys: KeyNames, *, is_unused: bool) -> str:
    """The words, in one line or more.

    Args:
        query: What the list shows.
        keys: The keys in force.
        is_unused: Nothing has ever been in the inbox, and the member may fill it.
    """
    if query.search and not has_words(query.search):
        return f"{NO_WORDS} Esc clears the search."
    if query.search:
        return f"No matches in {query.filter.label}. Esc clears the search."
    if is_unused:
        hint = f"{keys['inbox.open']} chooses · {keys['app.commands']} commands"
        return "\n".join(["No conversations yet.", "", *(words for words, _ in OFFERS), "", hint])
    return query.filter.entry.empty.format(next_waiting=keys["inbox.next-waiting"])
