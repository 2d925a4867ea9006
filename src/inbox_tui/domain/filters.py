"""The six filters, the orders and the query: which conversations a list shows.

The one definition of each filter is ``matches``. Stores may answer in their own
language, but a property test holds every answer to this one.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from inbox_tui.domain.models import AgentId, Conversation, Counts, MemberId, Status

BEGINNING_IN_MESSAGES = 3
BEGINNING_IN_WHAT_IS_KNOWN = 2
"""From how many bytes in UTF-8 on a search's last word may be the beginning of a longer one.

Two Latin letters begin a fifth of all that was ever written; a single CJK character has three bytes.
"""


def may_begin(word: str, least: int) -> bool:
    """Whether a search's last word, letters and digits alone, may be the beginning of a longer one."""
    return len(word.encode("utf-8", "replace")) >= least


class Filter(StrEnum):
    """One of the six filters; the value is its name on the command line."""

    ALL = "all"
    YOUR_INBOX = "your-inbox"
    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    PENDING = "pending"
    HAS_LEAD = "has-lead"

    @property
    def label(self) -> str:
        """The filter's name on screen."""
        return _TITLES[self]

    @property
    def default_order(self) -> Order:
        """The order a list has until the member asks for another."""
        return Order.WAITING if self is Filter.PENDING else Order.NEWEST

    def matches(self, conversation: Conversation, me: MemberId) -> bool:
        """Whether the conversation belongs in this filter for the member ``me``."""
        is_open = conversation.status is Status.OPEN
        match self:
            case Filter.ALL:
                return True
            case Filter.YOUR_INBOX:
                assignee = conversation.assignee
                return is_open and assignee is not None and assignee.id == me
            case Filter.UNRESOLVED:
                return is_open
            case Filter.RESOLVED:
                return not is_open
            case Filter.PENDING:
                return is_open and conversation.waiting_since is not None
            case Filter.HAS_LEAD:
                return conversation.has_lead

    def count_in(self, counts: Counts) -> int:
        """This filter's number among all six."""
        return int(getattr(counts, self.value.replace("-", "_")))


_TITLES = {
    Filter.ALL: "All",
    Filter.YOUR_INBOX: "Your inbox",
    Filter.UNRESOLVED: "Unresolved",
    Filter.RESOLVED: "Resolved",
    Filter.PENDING: "Pending human reply",
    Filter.HAS_LEAD: "Has lead",
}


class Order(StrEnum):
    """How a list is sorted; the value is its name on the command line."""

    NEWEST = "newest"
    """Newest activity first."""
    OLDEST = "oldest"
    """Oldest activity first."""
    WAITING = "waiting"
    """Longest waiting first, then the others by newest activity."""

    @property
    def following(self) -> Order:
        """The next order when cycling."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]

    @property
    def label(self) -> str:
        """The order's name on screen."""
        return {"newest": "newest first", "oldest": "oldest first", "waiting": "longest waiting first"}[self.value]

    def place(self, conversation: Conversation) -> tuple[float, float]:
        """Where a conversation stands: smaller places come first, and equal ones stand either way."""
        activity, waiting = conversation.last_activity_at.timestamp(), conversation.waiting_since
        match self:
            case Order.NEWEST:
                return 0, -activity
            case Order.OLDEST:
                return 0, activity
            case Order.WAITING:
                return (1, -activity) if waiting is None else (0, waiting.timestamp())


class Query(msgspec.Struct, frozen=True):
    """What a list shows. ``agent`` None means all agents; ``order`` None the filter's own."""

    filter: Filter = Filter.ALL
    agent: AgentId | None = None
    search: str = ""
    order: Order | None = None

    @property
    def effective_order(self) -> Order:
        """The order in force."""
        return self.order or self.filter.default_order
