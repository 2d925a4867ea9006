"""The tokens of a workspace, and what an AI agent's website reads with one.

Each writing function is one act inside the transaction of a Unit; none commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox_tui.backends.sql import statements
from inbox_tui.backends.sql.database import Database, Row
from inbox_tui.backends.sql.intake import agent_named
from inbox_tui.backends.sql.message_ids import is_named, message_id
from inbox_tui.backends.sql.roster import Roster, row_number
from inbox_tui.backends.sql.roster_reader import current_roster
from inbox_tui.backends.sql.rows import message, micros, micros_or_none, moment
from inbox_tui.backends.sql.unit import UnitOfWork
from inbox_tui.domain import rules
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import Numbered
from inbox_tui.domain.limits import EARLIEST, size
from inbox_tui.domain.models import AgentId, ConversationId, MemberId
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.paging import ROOM
from inbox_tui.domain.replies import BEGINNING, HeardId, heard, heard_id
from inbox_tui.domain.tokens import AgentReplies, NewToken, Token, TokenId, kept_label, require_grant

_BEFORE_ALL_TIME = -(2**62)


def add_token(unit: UnitOfWork, new: NewToken) -> Token:
    """Keep a token. Raises NotAllowed, NotFound, Rejected."""
    rules.require_admin(unit.actor)
    require_grant(new, unit.at)
    member = unit.roster.by_email(new.email)
    if member is None and not is_blank(new.email):
        raise NotFound(f"{new.email} is not a member.", hint="Add them first: inbox-tui members add EMAIL.")
    agent = None if is_blank(new.agent) else agent_named(unit, new.agent)
    row = unit.db.row(
        statements.INSERT_TOKEN,
        hash=new.hash,
        member=None if member is None else int(member.id),
        agent=None if agent is None else int(agent.id),
        label=kept_label(new),
        created_at=micros(unit.at),
        expires_at=micros_or_none(new.expires_at),
    )
    assert row is not None  # RETURNING
    unit.team_changed()
    return _load(unit.db, unit.roster, row[0])


def revoke_token(unit: UnitOfWork, id: TokenId) -> Token:
    """Forget a token. Raises NotAllowed, NotFound."""
    rules.require_admin(unit.actor)
    found = _load(unit.db, unit.roster, row_number(id))
    unit.db.run(statements.DELETE_TOKEN, id=int(found.id))
    unit.team_changed()
    return found


def tokens(db: Database, me: MemberId) -> Sequence[Token]:
    """All tokens, oldest first. Raises NotAllowed."""
    roster = current_roster(db)
    rules.require_admin(roster.acting(me))
    return [_token(row, roster) for row in db.rows(statements.TOKENS)]


def find_token(db: Database, hash: bytes) -> Token | None:
    """The token with this hash."""
    row = db.row(statements.TOKEN_BY_HASH, hash=hash)
    return _token(row, current_roster(db)) if row else None


def agent_replies(db: Database, agent: AgentId, after: HeardId | None, limit: int) -> AgentReplies:
    """Members' replies to an agent's visitors after a place. Raises NotFound for a text that is no such id."""
    newest, present = _present(db)
    if after is None:
        return AgentReplies((), present)
    place = heard(after)
    is_known = _is_known(db, place.message, newest)
    if not is_known and place.at is None:
        return AgentReplies((), present, reset=True)
    most = max(1, limit)
    found = db.rows_within(
        ROOM,
        statements.REPLIES_OF_AGENT,
        "id",
        agent=row_number(agent),
        after=place.message.number if is_known else 0,
        since=_BEFORE_ALL_TIME if is_known or place.at is None else micros(place.at),
        last=newest,
        limit=most,
    )
    roster = current_roster(db)
    replies = tuple((ConversationId(row[0]), message(row[1:], roster)) for row in found)
    is_cut = len(replies) == most or sum(size(reply.body) for _, reply in replies) > ROOM
    last = heard_id(replies[-1][1].id, replies[-1][1].created_at) if is_cut else present
    return AgentReplies(replies, last, reset=not is_known, since=None if is_known else place.at)


def _present(db: Database) -> tuple[int, HeardId]:
    """The newest message's number, and the place where everything written until now was heard."""
    row = db.row(statements.NEWEST_MESSAGE)
    if row is None:
        return 0, BEGINNING
    changed = db.row(statements.LAST_CHANGE)  # a message may be older than its arrival, a change is not
    return row[0], heard_id(message_id(*row), moment(changed[1] if changed else row[1]))


def _is_known(db: Database, id: Numbered, newest: int) -> bool:
    """Whether a message is the one that was heard, and not another that a restored workspace gave its number."""
    if id.fingerprint:
        return is_named(id, db.row(statements.ANY_MESSAGE_NAMED, id=id.number))
    return id.number <= newest


def _load(db: Database, roster: Roster, row_id: int) -> Token:
    row = db.row(statements.TOKEN_BY_ROW, id=row_id)
    if row is None:
        raise NotFound("This token does not exist.", hint="See which do with 'inbox-tui token list'.")
    return _token(row, roster)


def _token(row: Row, roster: Roster) -> Token:
    id, member, agent, label, created_at, expires_at = row
    return Token(
        TokenId(str(id)),
        _readable(created_at),
        None if member is None else roster.members.get(member),
        None if agent is None else roster.agents.get(agent),
        label,
        None if expires_at is None else _readable(expires_at),  # an end that cannot be read has come
    )


def _readable(micros: int) -> datetime:
    try:
        return moment(micros)
    except ValueError:
        return EARLIEST
