"""``ModelStore``: the port in memory, written to be read. The oracle for every other store.

It obeys ``domain.rules`` and ``Filter.matches`` directly; where a real store and this one
disagree, one of them misreads the port. It is no place to keep anything: it forgets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from inbox_tui.domain import rules
from inbox_tui.domain.changes import ROWS_CARRIED, ChangeId, FeedReport, Written
from inbox_tui.domain.errors import Conflict, CredentialError, NotFound, Rejected, StoreUnavailable
from inbox_tui.domain.filters import WHOLE_WORKSPACE, Counts, Filter, Query, Scope
from inbox_tui.domain.fingerprints import may_be_same, read_id
from inbox_tui.domain.models import (
    FROM_START,
    Agent,
    Author,
    Conversation,
    ConversationId,
    IncomingMessage,
    Kind,
    Member,
    MemberId,
    Message,
    MessageId,
    ReplyDraft,
    Sent,
    StateChange,
    Thread,
)
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.domain.paging import (
    MATCHING_ROOM,
    Page,
    PageRequest,
    that_fit,
)
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.store.deciding import unsupported
from inbox_tui.store.protocol import Capabilities
from inbox_tui.testing import lists
from inbox_tui.testing.model_agents import ModelAgents
from inbox_tui.testing.model_host import ModelHost
from inbox_tui.testing.model_team import ModelTeam
from inbox_tui.testing.workspace import ModelWorkspace


class ModelStore(ModelTeam, ModelAgents, ModelHost):
    """A model workspace, seen by one member. A Store, Scan, Team, Intake and Host.

    Args:
        workspace: What the members share.
        email: Who is asking.

    Raises:
        CredentialError: the workspace does not know the address.
    """

    def __init__(self, workspace: ModelWorkspace, email: str) -> None:
        found = workspace.member_by_email(email)
        if found is None:
            raise CredentialError(f"{email} is not a member of this workspace.")
        self._shared = workspace
        self._me = found.id
        self._is_closed = False

    @property
    def name(self) -> str:
        """Nowhere."""
        return "a workspace in memory"

    @property
    def capabilities(self) -> Capabilities:
        """Everything."""
        return Capabilities(team=True, intake=True, scan=True, host=True)

    async def me(self) -> Member:
        """The member who is asking, as they are now."""
        return self._actor

    async def agents(self) -> Sequence[Agent]:
        """All AI agents, by name."""
        return sorted(self._workspace.agents.values(), key=lambda agent: agent.name.casefold())

    async def members(self) -> Sequence[Member]:
        """All members, by name."""
        return sorted(self._workspace.members.values(), key=lambda member: member.label.casefold())

    async def counts(self, scope: Scope = WHOLE_WORKSPACE) -> Counts:
        """How many rows each filter's list has."""
        return Counts(**{filter.field: len(self._rows(Query(filter, scope.agent))) for filter in Filter})

    async def list(self, query: Query, page: PageRequest) -> Page:
        """A window into the list, as the member may see it. Raises NotAllowed for a search."""
        if query.search.strip():
            rules.require_chat(self._actor)
        found = lists.page(query, self._rows(query), page)
        return msgspec.structs.replace(found, rows=tuple(rules.as_seen_by(self._actor, row) for row in found.rows))

    async def get(self, id: ConversationId) -> Conversation:
        """One conversation, as the member may see it. Raises NotFound."""
        return rules.as_seen_by(self._actor, self._workspace.conversation(id))

    async def get_many(self, ids: Sequence[ConversationId]) -> Sequence[Conversation]:
        """Those conversations that exist, as the member may see them."""
        known, wanted = self._workspace.conversations, dict.fromkeys(map(replace_unstorable, ids))
        return [rules.as_seen_by(self._actor, known[ConversationId(id)]) for id in wanted if id in known]

    async def thread(
        self,
        id: ConversationId,
        before: MessageId | None = None,
        limit: int = 200,
        *,
        after: MessageId | None = None,
    ) -> Thread:
        """The newest messages, those before one, or those after one. Raises NotAllowed, NotFound."""
        rules.require_chat(self._actor)
        conversation = self._workspace.conversation(id)
        messages = self._workspace.threads[conversation.id]
        if after is not None:
            later = messages if after == FROM_START else messages[_index(messages, after) + 1 :]
            first = that_fit(later[: max(0, limit)])
            return Thread(conversation, tuple(first), after != FROM_START, has_later=len(first) < len(later))
        earlier = messages if before is None else messages[: _index(messages, before)]
        start = max(0, len(earlier) - max(0, limit))
        newest = that_fit(reversed(earlier[start:]))
        return Thread(conversation, tuple(reversed(newest)), len(newest) < len(earlier), has_later=before is not None)

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """Send a reply or write a note, once for each key."""
        actor = self._actor
        rules.require_chat(actor)
        before = self._workspace.conversation(id)
        rules.require_key(draft.key)
        if known := self._workspace.message_by_key(before.id, draft.key):
            return Sent(known, before, was_known=True)
        rules.require_body(draft.body)
        body, at = replace_unstorable(draft.body), self._workspace.clock()
        if draft.kind is Kind.EVENT:
            raise Rejected("An event cannot be written by hand.")
        if draft.kind is Kind.NOTE:
            ruling = rules.note_written(before, at)
        else:
            rules.require_profile(actor)
            thread = self._workspace.threads[before.id]
            rules.require_nothing_unseen(
                rules.unseen_replies(thread, actor, _is_after(thread, draft.last_seen)), before
            )
            ruling = rules.member_replied(before, actor, body, at, auto_assign=draft.auto_assign)
        written = IncomingMessage(Author.MEMBER, body, at, draft.key, draft.kind)
        message = self._workspace.add_message(before.id, written, actor)
        return Sent(message, self._workspace.save(ruling, actor))

    async def decide(self, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        """Change the state of conversations."""
        rules.require_chat(self._actor)
        return [self._decide(change) for change in changes]

    async def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of writes after ``since``; ends with ``aclose``."""
        report = self._workspace.changes_after(since)
        yield self._with_rows(report)
        while not self._is_closed:
            written = self._shared.written
            if self._shared.changes_after(report.id).id == report.id:
                await written.wait()
            elif not self._is_closed:
                report = self._shared.changes_after(report.id)
                yield self._with_rows(report)

    async def scan(self, query: Query, batch: int = 1000) -> AsyncIterator[Sequence[Conversation]]:
        """The whole list as it is when the walk begins, ``last_message`` whole. Raises NotAllowed."""
        rules.require_chat(self._actor)
        threads = self._workspace.threads
        found = [row.conversation for row in self._rows(query)]
        whole = [_with_whole_last_message(conversation, threads[conversation.id]) for conversation in found]
        for start in range(0, len(whole), batch):
            yield whole[start : start + batch]

    async def matching(self, query: Query, limit: int) -> Sequence[Conversation]:
        """The first ``limit`` conversations of the query. Raises NotAllowed."""
        rules.require_chat(self._actor)
        found = [row.conversation for row in self._rows(query)][:limit]
        return that_fit(found, MATCHING_ROOM)

    def as_member(self, member: MemberId) -> ModelStore:
        """The same workspace as another member sees it."""
        return ModelStore(self._workspace, self._workspace.member(member).email)

    async def aclose(self) -> None:
        """Stop following and answer no more."""
        self._is_closed = True
        self._shared.wake()

    @property
    def _workspace(self) -> ModelWorkspace:
        if self._is_closed:
            raise StoreUnavailable("The store is closed.", hint="Open it again.")
        return self._shared

    @property
    def _actor(self) -> Member:
        return self._workspace.member(self._me)

    def _rows(self, query: Query) -> Sequence[lists.Placed]:
        workspace = self._workspace
        threads = (workspace.threads[id] for id in workspace.conversations)
        return lists.rows(query, self._me, workspace.conversations.values(), threads)

    def _with_rows(self, report: Written) -> Written:
        """A report with the rows that it is about, as the member may see them."""
        if len(report.conversations) > ROWS_CARRIED:
            return report
        known, actor = self._shared.conversations, self._shared.member(self._me)
        rows = tuple(rules.as_seen_by(actor, known[id]) for id in report.conversations if id in known)
        return msgspec.structs.replace(report, rows=rows)

    def _decide(self, change: StateChange) -> Outcome:
        workspace, actor, before = self._workspace, self._actor, None
        try:
            before = workspace.conversation(change.id)
            if refusal_by_kind := unsupported(change, self.capabilities):
                return refused(change, before, refusal_by_kind)
            ruling = rules.decided(before, change, actor, workspace.clock(), workspace.member)
            return Outcome(change, before, workspace.save(ruling, actor))
        except (Conflict, NotFound, Rejected) as refusal:
            return refused(change, before, refusal)


def _index(thread: Sequence[Message], id: MessageId) -> int:
    """The place of a message in its thread. Raises NotFound."""
    for index, message in enumerate(thread):
        if may_be_same(message.id, id):
            return index
    raise NotFound("This message does not exist.", hint="Open the conversation again.")


def _is_after(thread: Sequence[Message], last_seen: MessageId | None) -> Sequence[bool]:
    """For each message, whether it came after one; after one that the thread does not know (any more) all did.

    What an import brings in later, but belongs before what was seen, did not come after it.
    """
    if last_seen is not None and read_id(last_seen) is None:
        raise NotFound("This message does not exist.", hint="Open the conversation again.")
    known = [last_seen is not None and may_be_same(message.id, last_seen) for message in thread]
    if True not in known:
        return [True] * len(thread)
    seen = known.index(True)
    return [
        _arrival(message) > _arrival(thread[seen]) and (message.imported_by is None or index > seen)
        for index, message in enumerate(thread)
    ]


def _arrival(message: Message) -> int:
    """The place of a message among all that came into the workspace."""
    found = read_id(message.id)
    return found.number if found else 0


def _with_whole_last_message(conversation: Conversation, thread: Sequence[Message]) -> Conversation:
    said = [message.body for message in thread if message.kind is Kind.MESSAGE]
    return msgspec.structs.replace(conversation, last_message=said[-1] if said else "")
