"""The outbox: what one member sent to one store and the store does not have yet, on disk.

A text that is sent moves from the drafts into the outbox in one transaction. There it is *held* first:
if its program ends, it is a draft again. Once it is *released*, it is delivered whatever happens to its
program: whoever starts next takes it over. A row that this program cannot read, or not wholly, is passed
over and stays for the newer version that wrote it, or for a person. Knows no store and sends nothing.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta, timezone

import msgspec

from inbox_tui.domain.models import Kind, Moment
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.domain.writes import ChangesWrite, ReplyWrite, Write
from inbox_tui.local.journal import DraftChange, Journal, RowChange, Text, joined, read_draft, read_time, write_draft

_MAX_NAMED = 5
"""Rows that are named; of more only the number is told."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_ADD = """INSERT OR REPLACE INTO outbox (id, owner, sender, content, is_released, tried_at, begun)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_REMOVE = "DELETE FROM outbox WHERE id = ?"


class Undelivered(msgspec.Struct, frozen=True):
    """A write that an earlier program left."""

    id: str
    """Names its row."""
    write: Write
    tried_at: Moment | None = None
    """When the last attempt began that may have reached the store."""


class _Held(msgspec.Struct, frozen=True):
    """A reply that becomes a draft again unless it is released."""

    write: ReplyWrite
    begun: datetime | None


class Outbox:
    """What one member wrote to one store, which does not have it: drafts, and writes on their way.

    Args:
        journal: The drafts and outboxes of this user.
        sender: The store's name and the member: who shares an account does not share an outbox.
    """

    def __init__(self, journal: Journal, sender: str) -> None:
        self.journal = journal
        self.sender = sender
        self.set_aside = ""
        """What ``take_over`` found that cannot be read and nobody was told of yet; "" if nothing."""
        self._replies: dict[str, _Held] = {}
        """Replies of this program by their rows, until they are sent or drafts again."""

    @property
    def problem(self) -> str:
        """Why what is written may not survive this run; "" if all is well."""
        return self.journal.problem

    def hold(self, write: ReplyWrite, rest: str = "") -> str:
        """Move a text from its draft into the outbox; it is not released yet.

        Args:
            write: The reply or note.
            rest: What stays in its box.

        Returns:
            The row's name.
        """
        id, kind = write.draft.key, write.draft.kind
        begun = self.journal.begun(self.sender, write.id, kind)
        self._replies[id] = _Held(write, begun)
        self.journal.change(
            [DraftChange(self.sender, write.id, kind, Text(rest, self.journal.clock()) if rest else None)],
            [self._row(id, write, is_released=False, begun=begun)],
        )
        return id

    def release(self, write: Write) -> tuple[str, Future[bool]]:
        """From now on it is delivered, if need be by a later start. What was held already keeps its row's name.

        Returns:
            The row's name, and whether it is on disk.
        """
        id, begun = uuid.uuid4().hex, None
        if isinstance(write, ReplyWrite):
            id = write.draft.key
            begun = self._replies[id].begun if id in self._replies else None
            self._replies[id] = _Held(write, begun)
        return id, self.journal.change([], [self._row(id, write, is_released=True, begun=begun)])

    def note_attempt(self, id: str, at: datetime | None) -> Future[bool]:
        """Keep when the last attempt began that may have reached the store. Gives whether it is on disk."""
        tried_at = (at - _EPOCH) // _MICROSECOND if at is not None else None
        return self.journal.change([], [RowChange("UPDATE outbox SET tried_at = ? WHERE id = ?", (tried_at, id))])

    def refused(self, id: str) -> None:
        """The store will not take it: a reply is a draft again if this program ends now; a decision is gone."""
        if id in self._replies:
            self.journal.change([], [RowChange("UPDATE outbox SET is_released = 0 WHERE id = ?", (id,))])
        else:
            self.remove(id)

    def give_back(self, id: str) -> None:
        """Move a reply back to its draft, above what was typed since; nothing if it is there already."""
        held = self._replies.pop(id, None)
        if held is None:
            return
        write, kind = held.write, held.write.draft.kind
        since = self.journal.get(self.sender, write.id, kind)
        begun = held.begun or self.journal.clock()
        text = Text(joined(write.draft.body, since), begun)
        self.journal.change([DraftChange(self.sender, write.id, kind, text)], [RowChange(_REMOVE, (id,))])

    def remove(self, id: str) -> None:
        """The store has it, or it is written on. Sending it again by mistake would do no harm: it has its key."""
        self._replies.pop(id, None)
        self.journal.change([], [RowChange(_REMOVE, (id,), is_durable=False)])

    def take_over(self) -> Sequence[Undelivered]:
        """What earlier programs released, in the order in which it was sent; it is this program's from now on.

        What they only held is a draft again. Waits for the disk.
        """
        try:
            found = self.journal.transact(self._take_over) or []
        except (sqlite3.Error, OSError) as error:
            self.journal.problem = f"What was sent earlier and not delivered cannot be read: {error}."
            return []
        for left, begun in found:
            if isinstance(left.write, ReplyWrite):
                self._replies[left.id] = _Held(left.write, begun)
        return [left for left, _ in found]

    def _take_over(self, database: sqlite3.Connection) -> list[tuple[Undelivered, datetime | None]]:
        found: list[tuple[Undelivered, datetime | None]] = []
        owners = self.journal.owners
        assert owners is not None
        rows = database.execute(
            """SELECT id, owner, content, is_released, tried_at, begun, is_reported, position
            FROM outbox WHERE sender = ? ORDER BY position""",
            (self.sender,),
        ).fetchall()
        ended = {owner for owner in {row[1] for row in rows} if owners.has_ended(owner)}
        unreadable: list[int] = []
        held: list[tuple[ReplyWrite, int | None]] = []
        for id, owner, content, is_released, tried_at, begun, is_reported, position in rows:
            if owner not in ended:
                continue
            write = read_write(content)
            if write is None:
                unreadable += [] if is_reported else [position]
            elif is_released or isinstance(write, ChangesWrite):
                database.execute("UPDATE outbox SET owner = ?, is_reported = 0 WHERE id = ?", (owners.mine, id))
                found.append((Undelivered(id, write, _moment(tried_at)), read_time(begun)))
            else:
                database.execute(_REMOVE, (id,))
                held.append((write, begun))
        for write, begun in reversed(held):  # the first that was sent is on top
            self._draft_again(database, write, begun)
        self._report(database, unreadable)
        for owner in ended:
            owners.forget(owner)
        return found

    def _draft_again(self, database: sqlite3.Connection, write: ReplyWrite, begun: int | None) -> None:
        key = (self.sender, str(write.id), write.draft.kind.value)
        since = read_draft(database, key)
        text = joined(write.draft.body, since.body if since is not None else None)
        write_draft(database, key, Text(text, read_time(begun)))

    def _report(self, database: sqlite3.Connection, positions: Sequence[int]) -> None:
        """Say which rows cannot be read, of each once."""
        if not positions:
            return
        database.executemany("UPDATE outbox SET is_reported = 1 WHERE position = ?", [(p,) for p in positions])
        rows = ", ".join(map(str, positions[:_MAX_NAMED])) + (", …" if len(positions) > _MAX_NAMED else "")
        one = len(positions) == 1
        self.set_aside = (
            f"{len(positions):,} earlier {'write' if one else 'writes'} cannot be read: a newer inbox-tui wrote"
            f" {'it' if one else 'them'}, or {'it is' if one else 'they are'} damaged."
            f" Kept in {self.journal.file} ({'row' if one else 'rows'} {rows}); everything else is delivered."
        )

    def _row(self, id: str, write: Write, *, is_released: bool, begun: datetime | None) -> RowChange:
        owner = self.journal.owners.mine if self.journal.owners is not None else ""
        since = int(begun.timestamp()) if begun is not None else None
        return RowChange(_ADD, (id, owner, self.sender, _encoded(write), is_released, None, since))


def read_write(content: bytes) -> Write | None:
    """A write; None if it is damaged, of an unknown kind, or says more than this program would do."""
    try:
        write: Write = msgspec.json.decode(content, type=Write)
        everything = msgspec.json.decode(content)
    except (ValueError, RecursionError):  # also text that is not UTF-8
        return None
    if isinstance(write, ReplyWrite):
        is_sound = write.draft.kind in (Kind.MESSAGE, Kind.NOTE)
    else:
        is_sound = len(write.changes) == 1 or not write.is_single
    return write if is_sound and _says_no_more(everything, msgspec.to_builtins(write)) else None


def _says_no_more(everything: object, understood: object) -> bool:
    """Whether nothing was left out in understanding it: a newer program may have written a further field."""
    if isinstance(everything, dict) and isinstance(understood, dict):
        return all(key in understood and _says_no_more(part, understood[key]) for key, part in everything.items())
    if isinstance(everything, list) and isinstance(understood, (list, tuple)):
        return all(map(_says_no_more, everything, understood))
    return True


def _encoded(write: Write) -> bytes:
    """As JSON, which cannot hold half a surrogate pair; nor can any store."""
    try:
        return msgspec.json.encode(write)
    except UnicodeEncodeError:
        if not isinstance(write, ReplyWrite):
            raise
        draft = msgspec.structs.replace(write.draft, body=replace_unstorable(write.draft.body))
        return msgspec.json.encode(msgspec.structs.replace(write, draft=draft))


def _moment(microseconds: int | None) -> datetime | None:
    """A stored time; what no calendar knows was damaged, and counts as the latest that there can be."""
    if microseconds is None:
        return None
    try:
        return _EPOCH + microseconds * _MICROSECOND
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)
