"""Counters of the conversations in each filter, updated by every write.

A row counts one filter for one AI agent, and for one member if the filter is personal. A filter that is counted also
has a mark: a row for no agent that adds nothing. One without a mark is new to the workspace: it is counted once when
the workspace is opened, and until then (a file that can only be read) with each question.

A program that does not know a filter yet does not count it. A release that adds one therefore needs a migration, if
only an empty one, so that older programs stop writing to the workspace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from inbox_tui.backends.sql.database import Asked, Database, Value
from inbox_tui.backends.sql.roster import row_number
from inbox_tui.backends.sql.statements import condition_of
from inbox_tui.domain.filters import Counts, Filter, Query, Scope
from inbox_tui.domain.models import Conversation, MemberId

Place = tuple[int, int, str]
"""Which counter: the member, the agent and the filter's name."""

COUNTS = "SELECT name, sum(n) FROM counter WHERE member_id IN (0, :me) GROUP BY name"
# Agent 0 is none: its rows only mark that a filter is counted.
COUNTS_OF_AGENT = "SELECT name, n FROM counter WHERE member_id IN (0, :me) AND agent_id IN (0, :agent)"
MARKED_COUNTERS = "SELECT name FROM counter WHERE member_id = 0 AND agent_id = 0"
COUNTED_FILTERS = "SELECT DISTINCT name FROM counter"
ADD_TO_COUNTER = (
    "INSERT INTO counter (member_id, agent_id, name, n) VALUES (:member, :agent, :name, :n)"
    " ON CONFLICT (member_id, agent_id, name) DO UPDATE SET n = counter.n + excluded.n"
)

_NOBODY = 0
_NO_AGENT = 0


def read(db: Database, me: MemberId, scope: Scope) -> Counts:
    """The number in each filter, for one member."""
    statement, values = asked_of(me, scope)
    found: Counter[str] = Counter()
    for name, n in db.rows(statement, **values):
        found[name] += int(n)
    return Counts(
        **{
            filter.field: found[filter.value] if filter.value in found else _count(db, filter, me, scope)
            for filter in Filter
        }
    )


def asked_of(me: MemberId, scope: Scope) -> Asked:
    """What ``read`` reads by."""
    if scope.agent is None:
        return Asked(COUNTS, {"me": row_number(me)})
    return Asked(COUNTS_OF_AGENT, {"me": row_number(me), "agent": row_number(scope.agent)})


def number(db: Database, me: MemberId, query: Query) -> int:
    """How many conversations a list without a search has."""
    return read(db, me, query.scope).of(query.filter) or 0


def places(conversation: Conversation) -> Iterator[Place]:
    """The counters in which a conversation counts."""
    agent, holder = row_number(conversation.agent.id), conversation.assignee
    for filter in Filter:
        if filter.entry.is_personal:
            if holder is not None and filter.matches(conversation, holder.id):
                yield int(holder.id), agent, filter.value
        elif filter.matches(conversation, MemberId("")):
            yield _NOBODY, agent, filter.value


def add(db: Database, differences: Iterable[tuple[Place, int]]) -> None:
    """Let counters grow or shrink."""
    values: list[dict[str, Value]] = [
        {"member": member, "agent": agent, "name": name, "n": n} for (member, agent, name), n in differences if n
    ]
    db.run_each(ADD_TO_COUNTER, values)


def uncounted(db: Database) -> Sequence[Filter]:
    """The filters that the workspace does not count yet, or that have no mark."""
    marked = {name for (name,) in db.rows(MARKED_COUNTERS)}
    return [filter for filter in Filter if filter.value not in marked]


def count_new(db: Database) -> None:
    """Count the filters that the workspace does not count yet. Inside a transaction."""
    counted = {name for (name,) in db.rows(COUNTED_FILTERS)}
    for filter in uncounted(db):
        # Workspaces of earlier versions have no marks, but their counters are right.
        if filter.value not in counted:
            db.run(_count_each(filter))
        db.run(ADD_TO_COUNTER, member=_NOBODY, agent=_NO_AGENT, name=filter.value, n=0)


def _count(db: Database, filter: Filter, me: MemberId, scope: Scope) -> int:
    agent = scope.agent
    values: dict[str, Value] = {"me": row_number(me), "agent": -1 if agent is None else row_number(agent)}
    row = db.row(_count_one(filter, has_agent=agent is not None), **values)
    return int(row[0]) if row else 0


def _count_one(filter: Filter, *, has_agent: bool) -> str:
    """How many conversations a filter holds now, by looking. Values: me, agent."""
    text = condition_of(filter).text
    conditions = ([text] if text else []) + (["agent_id = :agent"] if has_agent else [])
    return " ".join(("SELECT count(*) FROM conversation", f"WHERE {' AND '.join(conditions)}" if conditions else ""))


def counted_each(filter: Filter) -> str:
    """What a filter's counters must hold: member, agent, name and number, from the conversations."""
    holder = "assignee_id" if filter.entry.is_personal else "0"
    text = condition_of(filter).text.replace(":me", holder)
    return " ".join(
        (
            "SELECT",
            holder,
            ", agent_id,",
            f"'{filter.value}', count(*) FROM conversation",
            f"WHERE {text}" if text else "",
            f"GROUP BY {'assignee_id, ' if filter.entry.is_personal else ''}agent_id",
        )
    )


def _count_each(filter: Filter) -> str:
    """Fill the counters of a filter that has none."""
    return " ".join(("INSERT INTO counter (member_id, agent_id, name, n)", counted_each(filter)))
