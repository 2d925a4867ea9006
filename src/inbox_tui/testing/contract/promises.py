"""What a store may hold beyond the port, and a store whose server decides may not."""

from __future__ import annotations

import msgspec


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """The promises of one store; its contract test names those that it does not make.

    A test that needs one of them is skipped without it. The weaker tests that stand in for it
    (``CourtesyContract``, ``TwiceContract`` and the like) run for every store.
    """

    own_events: bool = True
    given_times: bool = True
    atomic: bool = True
    keys: bool = True
    own_rules: bool = True
    exact_feed: bool = True
    to_the_letter: bool = True
    words: bool = True
    undo_wait: bool = True
    all_counts: bool = True
    large: bool = True
    prompt: bool = True


PROMISES = {
    "own_events": "events are the sentences that this program writes, and name who acted",
    "given_times": "what comes in keeps the times that it came with",
    "atomic": "a change is compared and written in one step",
    "keys": "two sessions that send one key at once write one message",
    "own_rules": "the rules of this program decide what a message or a decision does to a conversation",
    "exact_feed": "the feed reports what was written and nothing else",
    "to_the_letter": "text comes back as it was given",
    "words": "a search finds words, in the way that this program cuts them",
    "undo_wait": "undoing a resolve brings back the wait that it ended",
    "all_counts": "the number of every filter is known",
    "large": "texts and lists may be as large as this program allows",
    "prompt": "what was written is in lists and counts at once",
}
"""Each promise in words, for the reason of a skipped test."""
