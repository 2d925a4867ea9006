"""The model's Host: the tokens of a model workspace, and what was written, to an agent's visitors or at all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from inbox_tui.domain import rules
from inbox_tui.domain.changes import Changes
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.models import AgentId, Author, Kind, Member, MessageId
from inbox_tui.domain.names import is_blank
from inbox_tui.domain.tokens import AgentReplies, NewToken, Token, TokenId, kept_label, require_grant
from inbox_tui.testing.workspace import ModelWorkspace


class ModelHost:
    """The port's Host, but for ``seen_by`` and what AI agents do."""

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

    async def changes_after(self, since: int | None) -> Changes:
        """What was written after ``since``; None: nothing, only where the workspace is now."""
        return self._workspace.changes_after(since)

    async def agent_replies(self, agent: AgentId, after: MessageId | None, limit: int = 100) -> AgentReplies:
        """Members' replies to an agent's visitors after a message."""
        workspace = self._workspace
        everything = sorted(
            ((id, message) for id, thread in workspace.threads.items() for message in thread),
            key=lambda entry: int(entry[1].id),
        )
        newest = everything[-1][1].id if everything else MessageId("0")
        if after is None:
            return AgentReplies((), newest)
        wanted = [
            (id, message)
            for id, message in everything
            if int(message.id) > int(after) and workspace.conversations[id].agent.id == agent
            if message.author is Author.MEMBER and message.kind is Kind.MESSAGE and message.imported_by is None
        ][: max(1, limit)]
        return AgentReplies(tuple(wanted), wanted[-1][1].id if len(wanted) == max(1, limit) else newest)
