"""The filters and the orders: one table, and the only place that lists them all.

To add a filter, add an entry here and its condition to ``backends/sql/statements.py``; everything else reads the table.
A test holds that no other module lists the filters.

Imports the standard library alone: ``inbox-tui --help`` names the filters and should not pay for msgspec.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from inbox_tui.domain.models import Conversation, MemberId


class Order(StrEnum):
    """How a list is sorted; the value is its name on the command line."""

    NEWEST = "newest"
    """Newest activity first."""
    OLDEST = "oldest"
    """Oldest activity first."""
    WAITING = "waiting"
    """Longest waiting first, then the others by newest activity."""

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


class Entry(NamedTuple):
    """Everything the program knows about one filter, apart from its name on the command line."""

    title: str
    """Its name on screen."""
    short: str
    """The same where there is little room."""
    key: str
    """The key that selects it unless the configuration names another."""
    matches: Callable[[Conversation, MemberId], bool]
    """The definition: whether a conversation belongs in the filter for a member."""
    condition: str
    """The name of the same condition in SQL."""
    empty: str
    """What an empty list says; ``{next_waiting}`` stands for the key of that action."""
    left: Callable[[Conversation], str]
    """Why an open conversation that was in the filter no longer is, in a word."""
    order: Order = Order.NEWEST
    """The order of its list until the member chooses another."""
    is_personal: bool = False
    """It holds conversations of their assignee alone, so each member has a number of their own."""


class Filter(StrEnum):
    """A filter; the value is its name on the command line."""

    entry: Entry

    def __new__(cls, name: str, entry: Entry | None = None) -> Filter:
        """A member of the table. ``Filter("pending")`` looks one up and gives no entry."""
        self = str.__new__(cls, name)
        self._value_ = name
        if entry is not None:
            self.entry = entry
        return self

    ALL = (
        "all",
        Entry(
            title="All",
            short="All",
            key="1",
            matches=lambda conversation, me: True,
            condition="everything",
            empty="No conversations yet.",
            left=lambda conversation: "removed",
        ),
    )
    YOUR_INBOX = (
        "your-inbox",
        Entry(
            title="Your inbox",
            short="Mine",
            key="2",
            matches=lambda row, me: row.is_open and row.assignee is not None and row.assignee.id == me,
            condition="assigned_to_me",
            empty="Your inbox is empty. Press {next_waiting} for whoever has waited longest.",
            left=lambda conversation: "reassigned" if conversation.assignee else "unassigned",
            is_personal=True,
        ),
    )
    UNRESOLVED = (
        "unresolved",
        Entry(
            title="Unresolved",
            short="Open",
            key="3",
            matches=lambda conversation, me: conversation.is_open,
            condition="open",
            empty="Everything is resolved.",
            left=lambda conversation: "resolved",
        ),
    )
    RESOLVED = (
        "resolved",
        Entry(
            title="Resolved",
            short="Done",
            key="4",
            matches=lambda conversation, me: not conversation.is_open,
            condition="resolved",
            empty="Nothing is resolved yet.",
            left=lambda conversation: "reopened",
        ),
    )
    PENDING = (
        "pending",
        Entry(
            title="Pending human reply",
            short="Waiting",
            key="5",
            matches=lambda conversation, me: conversation.is_open and conversation.waiting_since is not None,
            condition="waiting",
            empty="Nobody is waiting for a human reply.",
            left=lambda conversation: "answered",
            order=Order.WAITING,
        ),
    )
    HAS_LEAD = (
        "has-lead",
        Entry(
            title="Has lead",
            short="Leads",
            key="6",
            matches=lambda conversation, me: conversation.has_lead,
            condition="has_lead",
            empty="No conversation has a lead yet.",
            left=lambda conversation: "no lead",
        ),
    )

    @property
    def label(self) -> str:
        """The filter's name on screen."""
        return self.entry.title

    @property
    def field(self) -> str:
        """Its name where a hyphen cannot stand: a field of ``Counts``, a key in JSON."""
        return self.value.replace("-", "_")

    @property
    def binding(self) -> str:
        """The id under which the configuration gives it another key."""
        return f"inbox.filter-{self.value}"

    @property
    def default_order(self) -> Order:
        """The order a list has until the member asks for another."""
        return self.entry.order

    def matches(self, conversation: Conversation, me: MemberId) -> bool:
        """Whether the conversation belongs in this filter for the member ``me``."""
        return self.entry.matches(conversation, me)
