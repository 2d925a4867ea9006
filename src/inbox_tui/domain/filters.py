"""Queries and counts: which conversations a list shows, and how many there are.

``filter_table`` defines the filters. A store may translate them, into SQL for example; a property test compares
its answers with ``Filter.matches``.
"""

from __future__ import annotations

import msgspec

from inbox_tui.domain.filter_table import Filter, Order
from inbox_tui.domain.models import AgentId

__all__ = ["WHOLE_WORKSPACE", "Counts", "Filter", "Order", "Query", "Scope", "may_begin"]

BEGINNING_IN_MESSAGES = 3
BEGINNING_IN_WHAT_IS_KNOWN = 2
"""The fewest bytes in UTF-8 with which a search's last word also matches longer words that begin with it.

Two Latin letters match a fifth of all messages; a single CJK character has three bytes.
"""


def may_begin(word: str, least: int) -> bool:
    """Whether a search's last word also matches longer words. ``word`` has letters and digits only."""
    return len(word.encode("utf-8", "replace")) >= least


class Scope(msgspec.Struct, frozen=True):
    """The part of the workspace that is counted. Further restrictions become further fields."""

    agent: AgentId | None = None
    """One AI agent's conversations; None means all agents'."""


WHOLE_WORKSPACE = Scope()


# The fields are the table's, so mypy cannot see them; ``Counts.of`` reads one with its type.
_Numbers = msgspec.defstruct("_Numbers", [(filter.field, int | None, None) for filter in Filter], frozen=True)


class Counts(_Numbers, frozen=True):  # type: ignore[misc, valid-type, call-arg]
    """How many conversations each filter holds: exact, or None where the store does not know. Never a guess.

    It has one field for each filter, under ``Filter.field``.
    """

    def of(self, filter: Filter) -> int | None:
        """A filter's number; None where the store does not know it."""
        number: int | None = getattr(self, filter.field)
        return number


class Query(msgspec.Struct, frozen=True):
    """What a list shows. ``agent`` None means all agents; ``order`` None the filter's own."""

    filter: Filter = Filter.ALL
    agent: AgentId | None = None
    search: str = ""
    order: Order | None = None

    @property
    def effective_order(self) -> Order:
        """The chosen order, or the filter's default."""
        return self.order or self.filter.default_order

    @property
    def scope(self) -> Scope:
        """The scope to pass to ``Store.counts`` for this list. The page of a search brings its own count."""
        return Scope(self.agent)
