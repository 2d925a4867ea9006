"""What a thread on screen asks for besides earlier messages: it reads no store."""

from __future__ import annotations

from inbox_tui.domain.hits import Hits
from inbox_tui.domain.models import ConversationId, MessageId
from inbox_tui.tui.field_message import FieldMessage


class LaterWanted(FieldMessage):
    """The last loaded message is on screen, and there are messages after it."""

    conversation_id: ConversationId
    after: MessageId


class EndWanted(FieldMessage):
    """The first messages are wanted, or the newest ones, and are not loaded."""

    conversation_id: ConversationId
    is_first: bool


class HitWanted(FieldMessage):
    """A message that has the words is wanted, and none is loaded."""

    conversation_id: ConversationId
    hits: Hits
    beyond: MessageId
    direction: int
    """1 is towards newer messages, -1 older."""
    is_asked_for: bool
    """By a key; not by what was opened."""


class HitMissed(FieldMessage):
    """A key asked for a hit, and there is none any more in this direction."""

    direction: int
