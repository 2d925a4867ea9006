"""Makes a workspace of any size in the SQLite store's own schema, fast and always the same.

    python -m benchmarks.generate 100k [--folder FOLDER]

The store itself makes the file and signs its first member in; then the rows go in
without their indexes, which are made anew at the end. Nothing here decides what the
schema is. Files are kept in the user's cache folder, never in the project.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from operator import itemgetter
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.conversations import Conversations, Said, Team
from benchmarks.vocabulary import Vocabulary
from inbox_tui.backends.sql import counters
from inbox_tui.backends.sql.database import Value
from inbox_tui.backends.sql.rows import STATE_COLUMNS, state
from inbox_tui.backends.sqlite.schema import MIGRATIONS
from inbox_tui.backends.sqlite.search import REBUILD, words_of
from inbox_tui.domain import rules
from inbox_tui.domain.filters import Filter
from inbox_tui.domain.models import Access, Agent, AgentId, Conversation, Member, MemberId
from inbox_tui.store.registry import Identity, open_store
from inbox_tui.store.url import StoreUrl

ME = "me@team.example"
"""The member that opens a generated workspace."""
NOW = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
"""When the newest conversation happened."""
SEED = 1
SIZES = {"k": 1_000, "M": 1_000_000}

_MEMBERS = 50
_AGENTS = ("Website assistant", "Shop assistant")
_AT_ONCE = 20_000
_FAST = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    "cache_size = -300000",
    "ignore_check_constraints = ON",  # half of the time; a test looks for what they forbid
)
_ADD_MESSAGE = (
    "INSERT INTO message (id, conversation_id, author, kind, member_id, key, body, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_CONVERSATION = f"INSERT INTO conversation (id, {', '.join(STATE_COLUMNS)}) VALUES (?{', ?' * len(STATE_COLUMNS)})"
_STATE_VALUES = itemgetter(*STATE_COLUMNS)
COUNTED = " UNION ALL ".join(map(counters.counted_each, Filter))
"""What the table of counters must hold, counted from the conversations."""
_COUNT_ALL = f"INSERT INTO counter (member_id, agent_id, name, n) {COUNTED}"

_NAME_AGENTS = (
    "UPDATE message SET reply_agent_id = (SELECT agent_id FROM conversation WHERE id = message.conversation_id)"
    " WHERE author = 'member' AND kind = 'message'"
)


def size(text: str) -> int:
    """``1k``, ``100k``, ``1M`` or a plain number."""
    return int(float(text[:-1]) * SIZES[text[-1]]) if text[-1:] in SIZES else int(text)


def default_folder() -> Path:
    """Where generated workspaces are kept."""
    return user_cache_path("inbox-tui-bench")


def workspace(count: int, folder: Path, seed: int = SEED) -> Path:
    """The file of a workspace with ``count`` conversations, made if there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{count}-{seed}-{_recipe()}.db"
    if not file.exists():
        for outdated in folder.glob(f"{count}-{seed}-*"):
            outdated.unlink()
        part = folder / f"{file.name}.part"
        _Build(part, count, seed).run()
        part.replace(file)
    return file


class _Build:
    """One file in the making."""

    def __init__(self, file: Path, count: int, seed: int) -> None:
        self._file = file
        self._count = count
        self._seed = seed
        self._tally: Counter[tuple[int, int, str]] = Counter()
        self._messages = 0

    def run(self) -> None:
        """Make the file, and hold its counters against the one definition of each filter."""
        asyncio.run(_make_empty(self._file))
        db = sqlite3.connect(self._file, isolation_level=None)
        db.create_function("words_of", -1, words_of, deterministic=True)
        try:
            for pragma in _FAST:
                db.execute(f"PRAGMA {pragma}")
            self._fill(db)
            self._check(db)
            db.execute("PRAGMA locking_mode = NORMAL")
            db.execute("PRAGMA journal_mode = WAL")
        finally:
            db.close()

    def _fill(self, db: sqlite3.Connection) -> None:
        later = db.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        for kind, name, _ in later:
            db.execute(f"DROP {kind} {name}")
        db.execute("BEGIN")
        vocabulary = Vocabulary(self._seed)
        team = _add_team(db, vocabulary)
        self._add_threads(db, Conversations(self._count, self._seed, team, vocabulary, NOW))
        db.execute("COMMIT")
        for _, _, statement in sorted(later):
            db.execute(statement)
        db.execute(_COUNT_ALL)
        db.execute(_NAME_AGENTS)
        for statement in REBUILD:
            db.execute(statement)

    def _add_threads(self, db: sqlite3.Connection, conversations: Conversations) -> None:
        pending: list[Said] = []
        for start, thread in conversations.starts():
            pending += thread
            if len(pending) >= _AT_ONCE:
                pending.sort()
                over = next((place for place, said in enumerate(pending) if said.at >= start), len(pending))
                self._add(db, pending[:over])
                del pending[:over]
        self._add(db, sorted(pending))

    def _add(self, db: sqlite3.Connection, said: list[Said]) -> None:
        """The message ids grow with time, so that a search meets the newest first."""
        first = self._messages + 1
        self._messages += len(said)
        db.executemany(
            _ADD_MESSAGE,
            (
                (id, row_id, author, kind, member and int(member.id), f"#{place}", body, at)
                for id, (at, row_id, place, author, kind, member, body, _) in enumerate(said, first)
            ),
        )
        db.executemany(_ADD_CONVERSATION, self._finished(said, first))

    def _finished(self, said: list[Said], first: int) -> Iterator[tuple[Value, ...]]:
        for id, entry in enumerate(said, first):
            if entry.closes is not None:
                self._count_in(entry.closes)
                yield entry.row_id, *_STATE_VALUES(state(entry.closes, id))

    def _count_in(self, conversation: Conversation) -> None:
        for place in counters.places(conversation):
            self._tally[place] += 1

    def _check(self, db: sqlite3.Connection) -> None:
        kept = {(member, agent, name): n for member, agent, name, n in db.execute("SELECT * FROM counter") if n}
        if kept != dict(self._tally):
            raise RuntimeError(f"The counters of {self._file} are not what its conversations say.")


async def _make_empty(file: Path) -> None:
    store = await open_store(StoreUrl.parse(f"sqlite:///{file.absolute()}"), Identity(ME, "Max Example", is_given=True))
    await store.aclose()


def _add_team(db: sqlite3.Connection, vocabulary: Vocabulary) -> Team:
    """The agents and the first member's colleagues; all that conversations name."""
    agents = tuple(Agent(AgentId(str(id)), name) for id, name in enumerate(_AGENTS, 1))
    db.executemany("INSERT INTO agent (id, name) VALUES (?, ?)", [(int(agent.id), agent.name) for agent in agents])
    members = [_member(1, "Max Example", ME)]
    for id in range(2, _MEMBERS + 1):
        name = f"{vocabulary.words[500 + id]} {vocabulary.words[900 + id]}".title()
        members.append(_member(id, name, f"member{id}@team.example"))
    rows = [
        (int(member.id), member.email, member.name, member.badge.initials, member.badge.color, member.access)
        for member in members[1:]
        if member.badge
    ]
    db.executemany("INSERT INTO member (id, email, name, initials, color, access) VALUES (?, ?, ?, ?, ?, ?)", rows)
    return Team(agents, tuple(members))


def _member(id: int, name: str, email: str) -> Member:
    return Member(MemberId(str(id)), email, name, rules.badge_for(name), Access.EDIT)


def _recipe() -> str:
    """Changes with the schema and with what is generated: a file of another recipe is not used."""
    here = Path(__file__)
    sources = [
        *sorted(MIGRATIONS.glob("*.sql")),
        here,
        here.with_name("conversations.py"),
        here.with_name("vocabulary.py"),
    ]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:10]


def main() -> None:
    """Make workspaces of the sizes given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("sizes", nargs="+", type=size, metavar="SIZE", help="1k, 100k, 1M …")
    parser.add_argument("--folder", type=Path, default=default_folder())
    options = parser.parse_args()
    for count in options.sizes:
        start = time.monotonic()
        print(workspace(count, options.folder), f"{time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
