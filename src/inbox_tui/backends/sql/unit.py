"""One transaction's writes: conversations, their messages, the counters and the feed.

Every write of every SQL store passes here, so that a conversation never changes without
its counters and its change row. What need not be written at once is written together at
the end, in few round trips. What an act means is decided by the rules, never here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from inbox_tui.backends.sql import counters, reads, statements
from inbox_tui.backends.sql.database import Database, Value
from inbox_tui.backends.sql.message_ids import message_number
from inbox_tui.backends.sql.roster import Roster
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import KNOWN_COLUMNS, Stored, micros, state, stored
from inbox_tui.backends.sql.rows import message as message_of
from inbox_tui.domain import limits
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.intake import Late, may_be_late
from inbox_tui.domain.models import (
    Author,
    Conversation,
    ConversationId,
    IncomingMessage,
    Kind,
    Member,
    MemberId,
    Message,
)
from inbox_tui.domain.rules import Transition
from inbox_tui.domain.text import replace_unstorable

CHANGES_KEPT = 500_000
"""Change rows that stay; who missed more reads everything again."""

_PRUNE_EVERY = 10_000


class UnitOfWork:
    """The writes of one transaction. ``finish`` must be its last call before the commit."""

    def __init__(self, db: Database, me: MemberId, at: datetime) -> None:
        self.db = db
        self.at = limits.present(at)
        """When all this happens."""
        self._me = me
        self._seen: dict[str, Stored] = {}  # by id, as this transaction will leave them
        self._states: defaultdict[int, dict[str, Value]] = defaultdict(dict)
        self._events: list[dict[str, Value]] = []
        self._touched: dict[int, None] = {}
        self._newly_known: dict[int, None] = {}
        self._removed: dict[int, None] = {}
        self._team_changed = False
        self._deltas: Counter[counters.Place] = Counter()
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
    def newly_known(self) -> list[int]:
        """Row numbers of the conversations of whose visitor or topic something else is known now."""
        return list(self._newly_known)

    @property
    def removed(self) -> list[int]:
        """Row numbers of the conversations that are no longer there."""
        return list(self._removed)

    def look_up(self, ids: Iterable[ConversationId]) -> None:
        """Read many conversations at once that will be asked for one by one."""
        wanted = list(dict.fromkeys(replace_unstorable(id) for id in ids))
        for row in reads.conversations(self.db, "public_id", wanted):
            found = stored(row, self.roster)
            self._seen.setdefault(found.conversation.id, found)

    def load(self, id: ConversationId) -> Stored:
        """A conversation as it is now. Raises NotFound."""
        found = self.find(id)
        if found is None:
            raise NotFound(f"Conversation {replace_unstorable(id)} does not exist.")
        return found

    def find(self, id: ConversationId) -> Stored | None:
        """A conversation as it is now, if there is one."""
        if seen := self._seen.get(replace_unstorable(id)):
            return seen
        row = self.db.row(statements.CONVERSATION_BY_PUBLIC_ID, public_id=replace_unstorable(id))
        return stored(row, self.roster) if row else None

    def assigned_to(self, member: Member) -> list[Stored]:
        """What somebody holds, the resolved ones too."""
        self._write_states()
        return [
            stored(row, self.roster)
            for row in self.db.rows(statements.CONVERSATIONS_OF_ASSIGNEE, member=int(member.id))
        ]

    def save(self, before: Stored, ruling: Transition, actor: Member | None, added: Message | None = None) -> Stored:
        """Write what a rule made of a conversation, and its events.

        ``added`` is the message that the rule was about, if it was about one.
        """
        last = before.last_message_id
        if added is not None and added.kind is Kind.MESSAGE:
            last = message_number(added.id)
        after = self.replace(before, Stored(before.row_id, ruling.conversation, last))
        for sentence in ruling.events:
            event = IncomingMessage(Author.SYSTEM, sentence, self.at, kind=Kind.EVENT)
            self._events.append(_message_values(after.row_id, event, actor))
            self._touched[after.row_id] = None
        return after

    def replace(self, before: Stored, after: Stored) -> Stored:
        """Write what differs in a conversation; gives it as it will be read."""
        is_damaged = bool(before.conversation.damage)
        if is_damaged:  # what is written now is whole again
            whole = msgspec.structs.replace(after.conversation, damage="")
            after = Stored(after.row_id, whole, after.last_message_id)
        was = state(before.conversation, before.last_message_id)
        now = state(after.conversation, after.last_message_id)
        changed = {column: value for column, value in now.items() if is_damaged or value != was[column]}
        if changed:
            self._states[after.row_id] |= changed
            self._seen[after.conversation.id] = after
            self._count(before.conversation, -1)
            self._count(after.conversation, 1)
            self._touched[after.row_id] = None
            if not KNOWN_COLUMNS.isdisjoint(changed):
                self._newly_known[after.row_id] = None
        return after

    def add_conversation(self, conversation: Conversation) -> int:
        """Insert a conversation that is not known yet; gives its row number."""
        row = self.db.row(statements.INSERT_CONVERSATION, **state(conversation, None))
        assert row is not None  # RETURNING
        row_id: int = row[0]
        self._count(conversation, 1)
        self._touched[row_id] = self._newly_known[row_id] = None
        return row_id

    def add_message(
        self, row_id: int, message: IncomingMessage, member: Member | None, imported_by: Member | None = None
    ) -> Message:
        """Insert a message, as it is, into the conversation in row ``row_id``."""
        self._write_events()  # those before it come before it
        row = self.db.row(statements.INSERT_MESSAGE_AND_TELL, **_message_values(row_id, message, member, imported_by))
        assert row is not None  # RETURNING
        self._touched[row_id] = None
        return message_of(row, self.roster)

    def add_thread(self, row_id: int, messages: Sequence[tuple[IncomingMessage, Member | None, Member | None]]) -> None:
        """Insert messages that their conversation counts already, in few statements.

        With each: who wrote it, and who brought it in.
        """
        if messages:
            self._write_events()  # those before them come before them
            self.db.run_each(statements.INSERT_MESSAGE, [_message_values(row_id, *message) for message in messages])
            self._touched[row_id] = None

    def late(self, before: Stored, added: Message, message: IncomingMessage) -> Late | None:
        """Where the thread ends, if the message that was just added may belong further up."""
        if not may_be_late(before.conversation, message):
            return None
        said, outgoing = self.end_of_thread(before.row_id)
        assert said is not None  # at least the one that was added
        return Late(said, outgoing, said.id == added.id)

    def end_of_thread(self, row_id: int) -> tuple[Message | None, Author | None]:
        """What was last said in a conversation, by time and then by arrival, and who last wrote to the visitor."""
        said = self.db.row(statements.LAST_SAID, conversation=row_id)
        outgoing = self.db.row(statements.LAST_OUTGOING, conversation=row_id)
        return message_of(said, self.roster) if said else None, Author(outgoing[0]) if outgoing else None

    def end_thread(self, row_id: int) -> None:
        """All messages of a conversation that was just added are there."""
        row = self.db.row(statements.NUMBER_SAID_LAST, conversation=row_id)
        self._states[row_id]["last_message_id"] = row[0] if row else None

    def remove(self, gone: Stored) -> None:
        """Delete a conversation with all that was said in it."""
        self.write_now()
        self._count(gone.conversation, -1)
        self._seen.pop(gone.conversation.id, None)
        self._touched.pop(gone.row_id, None)
        self._newly_known.pop(gone.row_id, None)
        self._removed[gone.row_id] = None
        self.team_changed()  # what followers hear of it
        for statement in statements.DELETE_CONVERSATION:
            self.db.run(statement, conversation=gone.row_id)

    def write_now(self) -> None:
        """Write states and events that wait for the end, for a statement that depends on them."""
        self._write_states()
        self._write_events()

    def team_changed(self) -> None:
        """Members or agents were written: what is known of them is read again."""
        self._team_changed = True
        self.db.roster = None

    def finish(self) -> None:
        """Write what has not been written yet, the counters' differences and the change rows."""
        self._write_states()
        self._write_events()
        counters.add(self.db, self._deltas.items())
        at = micros(self.at)
        changes: list[dict[str, Value]] = [
            {"at": at, "kind": "conversation", "conversation": row_id} for row_id in self._touched
        ]
        if self._team_changed:
            changes.insert(0, {"at": at, "kind": "team", "conversation": None})
            self.db.roster = None
        if self._removed:  # no id could be told of them: with its past gone, the feed has everybody read again
            self.db.run(statements.DELETE_ALL_CHANGES)
        if changes:
            self.db.run_each(statements.INSERT_CHANGE, changes)
            # Once in a while, and without asking for the number.
            self.db.run(statements.DELETE_CHANGES, kept=CHANGES_KEPT, every=_PRUNE_EVERY, added=len(changes))

    def _write_states(self) -> None:
        alike: defaultdict[tuple[str, ...], list[dict[str, Value]]] = defaultdict(list)
        for row_id, changed in self._states.items():
            alike[tuple(sorted(changed))].append({"id": row_id, **changed})
        for columns, values in alike.items():
            self.db.run_each(statements.update_conversation(columns), values)
        self._states.clear()

    def _write_events(self) -> None:
        if self._events:
            self.db.run_each(statements.INSERT_MESSAGE, self._events)
            self._events = []

    def _count(self, conversation: Conversation, n: int) -> None:
        for place in counters.places(conversation):
            self._deltas[place] += n


def _message_values(
    row_id: int, message: IncomingMessage, member: Member | None, imported_by: Member | None = None
) -> dict[str, Value]:
    return {
        "conversation": row_id,
        "author": message.author.value,
        "kind": message.kind.value,
        "member": None if member is None else int(member.id),
        "key": replace_unstorable(message.key) or None,
        "body": replace_unstorable(message.body),
        "created_at": micros(message.created_at),
        "imported_by": None if imported_by is None else int(imported_by.id),
    }
