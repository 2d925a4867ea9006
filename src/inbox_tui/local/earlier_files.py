"""Taking over what versions until 0.3 left in two files: ``drafts.db`` and ``outbox.db``.

As long as a window of such a version is open, the files are its own; the first start after it ended
takes them over. Each row is noted as copied in the transaction that copies it, and is deleted from the
earlier file afterwards: a program that is killed in between copies nothing a second time. The files
stay, empty, for whoever goes back to the earlier version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from inbox_tui.local import unsent_file

DRAFTS, OUTBOX = "drafts.db", "outbox.db"

_NOBODY = ""
"""The owner of a row that no running program has."""

_WITHOUT_TIMES = "SELECT store, conversation, kind, body, NULL FROM draft"
_WITH_TIMES = """SELECT store, conversation, kind, body, begun.at
    FROM draft LEFT JOIN begun USING (store, conversation, kind)"""

_DraftKey = tuple[bytes, bytes, bytes]
_DraftRow = tuple[bytes, bytes, bytes, bytes, int | None]


class _Body(msgspec.Struct):
    body: str
    key: str
    kind: str = "message"


class _Reply(msgspec.Struct, tag_field="type", tag="reply"):
    """As much of a reply in the earlier outbox as is needed to find its text among the drafts."""

    id: str
    draft: _Body


def take_over_earlier(database: sqlite3.Connection, folder: Path) -> str:
    """Move every row of the earlier files into this one; says what could not be read, "" if all is well."""
    files = [file for file in (folder / DRAFTS, folder / OUTBOX) if file.is_file()]
    if not files:
        return ""
    connections: list[sqlite3.Connection] = []
    try:
        for file in files:  # the drafts first: every window of an earlier version has them open
            earlier = unsent_file.connection(file)
            earlier.text_factory = bytes  # a damaged text is copied as it is
            connections.append(earlier)
            if not _is_unused(earlier):
                return ""
            earlier.execute("BEGIN EXCLUSIVE")
        _move(connections, database)
    except (sqlite3.Error, OSError) as error:
        if _is_locked(error):
            return ""  # an earlier version was started just now, or another window takes them over
        return f"What an earlier version left in {folder} cannot be taken over ({error}); it stays there."
    finally:
        for earlier in connections:
            with suppress(sqlite3.Error):
                earlier.close()
    return ""


def _move(connections: Sequence[sqlite3.Connection], database: sqlite3.Connection) -> None:
    drafts: dict[_DraftKey, _DraftRow] = {}
    database.execute("BEGIN IMMEDIATE")
    try:
        for earlier in connections:
            for row in _earlier_drafts(earlier):
                if _is_new(row, database):
                    drafts[row[:3]] = row
        for earlier in connections:
            _copy_outbox(earlier, database, drafts)
        for row in drafts.values():
            _copy_draft(database, row)
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    for earlier in connections:
        tables = _tables(earlier)
        if "draft" in tables:
            earlier.execute("DELETE FROM draft")
        if "undelivered" in tables:
            earlier.execute("DELETE FROM undelivered")
        earlier.execute("COMMIT")
    database.execute("DELETE FROM copied")


def _is_unused(earlier: sqlite3.Connection) -> bool:
    """Whether no other program has the file open; none can open it then before this connection is closed.

    A program that has opened a file in WAL mode holds a lock, and this mode cannot be left as long as anybody does.
    """
    earlier.execute("PRAGMA busy_timeout = 0")
    earlier.execute("PRAGMA locking_mode = EXCLUSIVE")
    return bool(earlier.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == b"delete")


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _earlier_drafts(earlier: sqlite3.Connection) -> Sequence[_DraftRow]:
    tables = _tables(earlier)
    if "draft" not in tables:
        return ()
    return earlier.execute(_WITH_TIMES if "begun" in tables else _WITHOUT_TIMES).fetchall()


def _copy_draft(database: sqlite3.Connection, row: _DraftRow) -> None:
    """Above what was typed into the same box with this version, if anything was."""
    database.execute(
        """INSERT INTO draft (sender, conversation, kind, body, begun)
        VALUES (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?)
        ON CONFLICT DO UPDATE SET begun = excluded.begun,
            body = CASE WHEN body = excluded.body THEN body ELSE excluded.body || char(10) || body END""",
        row,
    )


def _copy_outbox(earlier: sqlite3.Connection, database: sqlite3.Connection, drafts: dict[_DraftKey, _DraftRow]) -> None:
    tables = _tables(earlier)
    if "undelivered" not in tables:
        return
    reported = {id for (id,) in earlier.execute("SELECT id FROM set_aside")} if "set_aside" in tables else set()
    for row in earlier.execute("SELECT id, sender, content FROM undelivered ORDER BY id").fetchall():
        if _is_new(row, database):
            id, sender, content = row
            reply = _reply_in(content)
            database.execute(
                """INSERT OR IGNORE INTO outbox (id, owner, sender, content, is_released, is_reported)
                VALUES (COALESCE(?, lower(hex(randomblob(16)))), ?, CAST(? AS TEXT), ?, 1, ?)""",
                (reply.draft.key or None if reply else None, _NOBODY, sender, content, id in reported),
            )
            if reply is not None:
                _drop_from_draft(sender, reply, drafts)


def _reply_in(content: bytes) -> _Reply | None:
    """The reply that a row holds; None for a decision, or for what cannot be read."""
    try:
        return msgspec.json.decode(content, type=_Reply)
    except (ValueError, RecursionError):
        return None


def _drop_from_draft(sender: bytes, reply: _Reply, drafts: dict[_DraftKey, _DraftRow]) -> None:
    """Take a reply that waits in the outbox out of the draft: an earlier version could be killed while it moved it."""
    key = (sender, reply.id.encode(), reply.draft.kind.encode())
    body = reply.draft.body.encode()
    row = drafts.get(key)
    if row is None or not row[3].startswith(body):
        return
    rest = row[3].removeprefix(body).removeprefix(b"\n")
    if rest:
        drafts[key] = (*row[:3], rest, row[4])
    else:
        del drafts[key]


def _is_new(row: Sequence[object], database: sqlite3.Connection) -> bool:
    """Whether a row is not in the file yet; it is noted as copied."""
    import hashlib  # OpenSSL, which only who has files of an earlier version needs

    item = hashlib.sha256(repr(tuple(row)).encode()).digest()
    return bool(database.execute("INSERT OR IGNORE INTO copied VALUES (?)", (item,)).rowcount)


def _tables(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name.decode("utf-8", "replace") for (name,) in rows}
