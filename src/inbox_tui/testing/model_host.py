"""The model's Host: the tokens of a model workspace, and what was written, to an agent's visitors or at all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ChangeId, Written
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import read_id
from inbox_tui.domain.models import AgentId, Author, Kind, Member, Message
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.replies import BEGINNING, Heard, HeardId, heard, heard_id
from inbox_tui.domain.tokens import AgentReplies, NewToken, Token, TokenId, kept_label, require_grant
from inbox_tui.testing.workspace import ModelWorkspace


class ModelHost:
    """The port's Host, but for ``as_member`` and what AI agents do."""

    @property
    @abstractmethod
    def _workspace(self) -> ModelWorkspace: ...

    @property
    @abstractmethod
    def _actor(self) -> Member: ...

    async def add_token(self, token: NewToken) -> Token:
        """Keep a token. Admin only. Raises NotAllowed, NotFound, Rejected."""
        workspace = self._workspace
        rules.require_admin(self._actor)
        require_grant(token, workspace.clock())
        member = workspace.member_by_email(token.email)
        if member is None and not is_blank(token.email):
            raise NotFound(f"{token.email} is not a member.")
        added = Token(
            TokenId(f"token-{len(workspace.tokens) + 1}"),
            workspace.clock(),
            member,
            None if is_blank(token.agent) else workspace.agent(token.agent),
            kept_label(token),
            token.expires_at,
        )
        workspace.tokens[token.hash] = added
        workspace.report(team=True)
        return added

    async def tokens(self) -> Sequence[Token]:
        """All tokens, oldest first. Admin only. Raises NotAllowed."""
        rules.require_admin(self._actor)
        return list(self._workspace.tokens.values())

    async def revoke_token(self, id: TokenId) -> Token:
        """Forget a token. Admin only. Raises NotAllowed, NotFound."""
        rules.require_admin(self._actor)
        for hash, token in self._workspace.tokens.items():
            if token.id == id:
                self._workspace.report(team=True)
                return self._workspace.tokens.pop(hash)
        raise NotFound("This token does not exist.")

    async def find_token(self, hash: bytes) -> Token | None:
        """The token with this hash."""
        return self._workspace.tokens.get(hash)

    async def changes_after(self, since: ChangeId | None) -> Written:
        """What was written after ``since``; None: nothing, only where the workspace is now."""
        return self._workspace.changes_after(since)

    async def require_writable(self) -> None:
        """Whoever has it open may write."""

    async def agent_replies(self, agent: AgentId, after: HeardId | None, limit: int = 100) -> AgentReplies:
        """Members' replies to an agent's visitors after a place."""
        workspace = self._workspace
        everything = sorted(
            ((id, message) for id, thread in workspace.threads.items() for message in thread),
            key=lambda entry: _number(entry[1]),
        )
        present = heard_id(everything[-1][1].id, workspace.clock()) if everything else BEGINNING
        if after is None:
            return AgentReplies((), present)
        place = heard(after)
        if place.message.fingerprint:
            is_known = any(read_id(message.id) == place.message for _, message in everything)
        else:
            is_known = place.message.number <= (_number(everything[-1][1]) if everything else 0)
        if not is_known and place.at is None:
            return AgentReplies((), present, reset=True)
        most = max(1, limit)
        wanted = [
            (id, message)
            for id, message in everything
            if workspace.conversations[id].agent.id == agent
            if message.author is Author.MEMBER and message.kind is Kind.MESSAGE and message.imported_by is None
            if _came_after(message, place, is_known=is_known)
        ][:most]
        last = heard_id(wanted[-1][1].id, wanted[-1][1].created_at) if len(wanted) == most else present
        return AgentReplies(tuple(wanted), last, reset=not is_known, since=None if is_known else place.at)


def _came_after(message: Message, place: Heard, *, is_known: bool) -> bool:
    """By number, or where that is another message's now, by time."""
    if is_known:
        return _number(message) > place.message.number
    return place.at is not None and message.created_at > place.at


def _number(message: Message) -> int:
    found = read_id(message.id)
    assert found is not None
    return found.number
