"""One transaction's writes: conversations, their messages, the counters and the feed.

Every write of every SQL store passes here, so that a conversation never changes without
its counters and its change row. What an act means is decided by the rules, never here.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Database
from inbox_tui.backends.sql.roster import Roster, current_roster
from inbox_tui.backends.sql.rows import Stored, micros, state, stored
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Author, Conversation, ConversationId, IncomingMessage, Kind, Member, MemberId
from inbox_tui.domain.rules import Ruling
from inbox_tui.domain.text import storable

CHANGES_KEPT = 500_000
"""Change rows that stay; who missed more reads everything again."""

_PRUNE_EVERY = 10_000
_NO_MEMBER = 0


class Unit:
    """The writes of one transaction. ``finish`` must be its last call before the commit."""

    def __init__(self, db: Database, me: MemberId, at: datetime) -> None:
        self.db = db
        self.at = at
        """When all this happens."""
        self._me = me
        self._touched: dict[int, None] = {}
        self._team_changed = False
        self._deltas: Counter[tuple[int, int, str]] = Counter()
        current_roster(db)  # others may have changed the team since this connection's last transaction

    @property
    def roster(self) -> Roster:
        """Members and agents, those added by this transaction included."""
        return self.db.roster or current_roster(self.db)  # forgotten by ``team_changed`` only

    @property
    def actor(self) -> Member:
        """The member who is asking, as they are now."""
        return self.roster.acting(self._me)

    @property
    def touched(self) -> list[int]:
        """Row numbers of the conversations that were written to."""
        return list(self._touched)

    def load(self, id: ConversationId) -> Stored:
        """A conversation as it is now. Raises NotFound."""
        found = self.find(id)
        if found is None:
            raise NotFound(f"Conversation {storable(id)} does not exist.")
        return found

    def find(self, id: ConversationId) -> Stored | None:
        """A conversation as it is now, if there is one."""
        row = self.db.row(statements.CONVERSATION_BY_PUBLIC_ID, public_id=storable(id))
        return stored(row, self.roster) if row else None

    def save(self, before: Stored, ruling: Ruling, actor: Member | None, last_message_id: int | None = None) -> Stored:
        """Write what a rule made of a conversation, and its events.

        ``last_message_id`` names the message by which the visitor or the workspace spoke, if one did.
        """
        after = Stored(before.row_id, ruling.conversation, last_message_id or before.last_message_id)
        was = state(before.conversation, before.last_message_id)
        now = state(after.conversation, after.last_message_id)
        changed = {column: value for column, value in now.items() if value != was[column]}
        if changed:
            self.db.run(statements.update_conversation(tuple(changed)), id=after.row_id, **changed)
            self._count(before.conversation, -1)
            self._count(after.conversation, 1)
            self._touched[after.row_id] = None
        for sentence in ruling.events:
            event = IncomingMessage(Author.SYSTEM, sentence, self.at, kind=Kind.EVENT)
            self.add_message(after.row_id, event, actor)
        return after

    def add_conversation(self, conversation: Conversation) -> int:
        """Insert a conversation that is not known yet; gives its row number."""
        row = self.db.row(statements.INSERT_CONVERSATION, **state(conversation, None))
        assert row is not None  # RETURNING
        row_id: int = row[0]
        self._count(conversation, 1)
        self._touched[row_id] = None
        return row_id

    def add_message(self, row_id: int, message: IncomingMessage, member: Member | None) -> int:
        """Insert a message, as it is, into the conversation in row ``row_id``; gives the message's row number."""
        row = self.db.row(
            statements.INSERT_MESSAGE,
            conversation=row_id,
            author=message.author.value,
            kind=message.kind.value,
            member=None if member is None else int(member.id),
            key=storable(message.key) or None,
            body=storable(message.body),
            created_at=micros(message.created_at),
        )
        assert row is not None  # RETURNING
        self._touched[row_id] = None
        message_id: int = row[0]
        return message_id

    def team_changed(self) -> None:
        """Members or agents were written: what is known of them is read again."""
        self._team_changed = True
        self.db.roster = None

    def finish(self) -> None:
        """Write the counters' differences and the change rows."""
        for (member, agent, name), n in self._deltas.items():
            if n:
                self.db.run(statements.ADD_TO_COUNTER, member=member, agent=agent, name=name, n=n)
        seq = 0
        at = micros(self.at)
        if self._team_changed:
            seq = self._add_change(at, "team", None)
            self.db.roster = None
        for row_id in self._touched:
            seq = self._add_change(at, "conversation", row_id)
            if seq % _PRUNE_EVERY == 0:
                self.db.run(statements.DELETE_CHANGES, seq=seq - CHANGES_KEPT)

    def _add_change(self, at: int, kind: str, row_id: int | None) -> int:
        row = self.db.row(statements.INSERT_CHANGE, at=at, kind=kind, conversation=row_id)
        assert row is not None  # RETURNING
        seq: int = row[0]
        return seq

    def _count(self, conversation: Conversation, n: int) -> None:
        agent = int(conversation.agent.id)
        holder = conversation.assignee
        for filter in Filter:
            if filter is Filter.YOUR_INBOX:
                if holder is not None and filter.matches(conversation, holder.id):
                    self._deltas[int(holder.id), agent, filter.value] += n
            elif filter.matches(conversation, MemberId("")):
                self._deltas[_NO_MEMBER, agent, filter.value] += n
