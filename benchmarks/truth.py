"""What the screen must come to show: read from the store, by the same port that the screens use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import ME, SEED
from benchmarks.pty import Shown
from benchmarks.vocabulary import Vocabulary
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.models import Conversation
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

_FILTERS_LINE, _HEADER_LINE, _FIRST_ROW = 1, 2, 3
_LIST_COLUMNS = 55
_NAME_SHOWN = 16
_FREQUENT = 100
"""From this rank on a word is looked for that the newest conversation does not have."""


@dataclass(frozen=True)
class Target:
    """A conversation, and how to tell that it is shown."""

    visitor: str
    last_words: str

    def is_first(self, lines: list[str]) -> bool:
        """It stands in the list's first row."""
        return self.visitor in lines[_FIRST_ROW][:_LIST_COLUMNS]

    def is_open(self, lines: list[str]) -> bool:
        """It is in the list, and its thread beside it."""
        is_listed = any(self.visitor in line[:_LIST_COLUMNS] for line in lines)
        is_headed = self.visitor in lines[_HEADER_LINE][_LIST_COLUMNS:]
        return is_listed and is_headed and any(self.last_words in line[_LIST_COLUMNS:] for line in lines)


@dataclass(frozen=True)
class Truth:
    """What a workspace's screens show."""

    filters: dict[Filter, Target | None]
    """The first row of each; None where it is empty."""
    newest: Target
    oldest: Target
    searches: dict[str, tuple[str, Target]]
    """A word that many messages have and one that few have, each with its first row."""

    def filter_shown(self, key: int) -> Shown:
        """Whether the filter of this key is chosen and its first row painted."""
        target = self.filters[list(Filter)[key - 1]]

        def shown(lines: list[str]) -> bool:
            return f"[{key} " in lines[_FILTERS_LINE] and (target is None or target.is_first(lines))

        return shown


def look_up(file: Path) -> Truth:
    """The truth about a generated workspace."""
    return asyncio.run(_with_store(file))


async def _with_store(file: Path) -> Truth:
    store = await open_store(StoreUrl.parse(f"sqlite:///{file.absolute()}"), Identity(ME, is_given=True))
    try:
        return await _look_up(store)
    finally:
        await store.aclose()


async def _look_up(store: Store) -> Truth:
    newest, oldest = await _first(store, Query()), await _first(store, Query(), offset=-1)
    if newest is None or oldest is None:
        raise ValueError("The workspace is empty.")
    words = Vocabulary(SEED).words
    rare = max(oldest.last_message.casefold().rstrip(".").split(), key=words.index)
    return Truth(
        {filter: _target(await _first(store, Query(filter))) for filter in Filter},
        _known(newest),
        _known(oldest),
        {
            "frequent word": await _search(store, words[_FREQUENT:], lambda found: found.id != newest.id),
            "rare word": await _search(store, [rare], lambda _: True),
        },
    )


async def _search(store: Store, words: list[str], is_telling: Callable[[Conversation], bool]) -> tuple[str, Target]:
    for word in words:
        found = await _first(store, Query(search=word))
        if found is not None and is_telling(found):
            return word, _known(found)
    raise ValueError("No word finds anything.")


async def _first(store: Store, query: Query, offset: int = 0) -> Conversation | None:
    page = await store.list(query, PageRequest(offset=offset, limit=1))
    return page.rows[0] if page.rows else None


def _target(conversation: Conversation | None) -> Target | None:
    return None if conversation is None else _known(conversation)


def _known(conversation: Conversation) -> Target:
    return Target(conversation.visitor[:_NAME_SHOWN], " ".join(conversation.last_message.split()[:2]))
