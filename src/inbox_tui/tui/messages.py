"""What workers report to the screen: results, each with the request that it answers.

A result that no longer answers what the screen wants is dropped by its handler.
"""

from __future__ import annotations

from datetime import datetime

from inbox_tui.domain.changes import Written
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.hits import Hits
from inbox_tui.domain.models import Agent, AgentId, Conversation, ConversationId, Member, MessageId, Sent, Thread
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.operations.next_waiting import Next
from inbox_tui.operations.triage import Done
from inbox_tui.store.protocol import Removed
from inbox_tui.tui.field_message import FieldMessage


class TeamRead(FieldMessage):
    """Members, agents or the member's own access changed."""

    me: Member
    agents: tuple[Agent, ...]
    members: tuple[Member, ...]


class CountsRead(FieldMessage):
    """The numbers of the six filters."""

    agent: AgentId | None
    counts: Counts


class ListRead(FieldMessage):
    """A list was read from its beginning."""

    query: Query
    page: Page
    counts: Counts


class PageRead(FieldMessage):
    """Further rows of the list on screen."""

    query: Query
    request: PageRequest
    page: Page


class ThreadRead(FieldMessage):
    """The newest messages of a conversation."""

    id: ConversationId
    thread: Thread


class EarlierRead(FieldMessage):
    """Messages before those on screen."""

    before: MessageId
    """The first of those on screen when they were asked for."""
    thread: Thread


class LaterRead(FieldMessage):
    """Messages after those on screen."""

    after: MessageId
    """The last of those on screen when they were asked for."""
    thread: Thread


class PlaceRead(FieldMessage):
    """Another stretch of the conversation on screen, which was asked for."""

    thread: Thread
    to: MessageId | None
    """``FROM_START``, or a hit in it; None is its end."""
    hits: Hits | None = None
    """The search that the hit belongs to."""


class ConversationsRead(FieldMessage):
    """Conversations that were written to, as they are now."""

    conversations: tuple[Conversation, ...]
    gone: tuple[ConversationId, ...] = ()


class ChangesSeen(FieldMessage):
    """The store reported what was written."""

    changes: Written


class LineLost(FieldMessage):
    """The store cannot be heard."""

    at: datetime


class LineBack(FieldMessage):
    """The store is heard again."""


class ReplySent(FieldMessage):
    """A reply or note was taken by the store."""

    key: str
    sent: Sent


class StillWaiting(FieldMessage):
    """A note was to resolve the conversation, but its visitor waits and nobody was asked about that."""

    conversation: Conversation


class ReplyFailed(FieldMessage):
    """A reply or note was not taken; its text belongs back in the box."""

    id: ConversationId
    key: str
    error: InboxError


class ReplyUnconfirmed(FieldMessage):
    """A reply or note may have reached the store, but no answer came."""

    id: ConversationId


class TriageDone(FieldMessage):
    """Assignments or status changes were decided by the store."""

    done: Done


class OperationFailed(FieldMessage):
    """Something that was asked for did not work."""

    operation: str
    error: InboxError
    ids: tuple[ConversationId, ...] = ()
    """The conversations that it was about; their rows must show the truth again."""
    undecided: tuple[ConversationId, ...] = ()
    """Conversations that were shown as decided, and are not; the model says how they are now."""


class WritingInterrupted(FieldMessage):
    """The cursor was taken out of the reply box while somebody may have been typing."""


class WaitingFound(FieldMessage):
    """Who has been waiting longest, or next longest."""

    next: Next


class AllFound(FieldMessage):
    """What "select all" selects."""

    query: Query
    conversations: tuple[Conversation, ...]


class SampleRemoved(FieldMessage):
    """The sample is out of the workspace."""

    removed: Removed


class ConversationsImported(FieldMessage):
    """Conversations came in from a file or the sample."""

    added: int
    bad_lines: tuple[str, ...] = ()
    """What was wrong with the lines that did not go in."""
