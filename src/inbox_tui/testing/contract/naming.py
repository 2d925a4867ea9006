"""Names that look alike name the same agent and the same member; what cannot be seen names nothing."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import Access, Author, ReplyDraft
from inbox_tui.domain.tokens import NewToken, hash_of
from inbox_tui.store.protocol import Host, Store
from inbox_tui.testing.contract.base import C1, Contract, ids, intake_of, last_seen, listed, messages, team_of
from inbox_tui.testing.factories import DANA, incoming, said

CAFE = "Café assistant"
SAME_AGENT = (
    "Cafe\u0301 assistant",
    "CAFÉ ASSISTANT",
    "Café\u00a0assistant",
    " Café  assistant\u3000",
    "Ca\u200bfé assist\u00adant",
    "\ufeffCafé assistant",
)
SAME_DANA = (
    "DANA@acme.example",
    "\u00a0dana@acme.example ",
    "dana@acme.example\u200b",
    "\ufeffdana@ac\u00adme.example",
    "\uff44ana@acme.example",
)
BLANK = ("\u200b", "\u00a0", "\u2003\u3000", "\u00ad\ufeff", "\u2800", "\t", "\u3164")


class IntakeNamingContract(Contract):
    """How names are compared."""

    async def test_agents_that_look_alike_are_one(self, dana: Store) -> None:
        """The first spelling stays."""
        await self.seed(dana, incoming("c-0", agent=CAFE))
        await self.seed(dana, *(incoming(f"c-{number}", agent=name) for number, name in enumerate(SAME_AGENT, 1)))
        if isinstance(dana, Host):
            for number, name in enumerate(SAME_AGENT):
                await dana.add_token(NewToken(hash_of(f"inbox_a_{number}"), agent=name))
        assert [agent.name for agent in await dana.agents()] == [CAFE]
        assert {row.agent.name for row in await listed(dana, Query())} == {CAFE}

    async def test_members_that_look_alike_are_one(self, dana: Store) -> None:
        """Wherever an address says who somebody is."""
        for number, email in enumerate(SAME_DANA):
            with pytest.raises(Rejected):
                await team_of(dana).add_member(email, "", Access.ADMIN)
            said_by_dana = said("x", author=Author.MEMBER, member_email=email)
            await self.seed(dana, incoming(f"c-{number}", said_by_dana, assignee_email=email))
            if isinstance(dana, Host):
                added = await dana.add_token(NewToken(hash_of(f"inbox_m_{number}"), email=email))
                assert added.member == await dana.me()
        assert [member.email for member in await dana.members()] == [DANA]
        assert {row.assignee for row in await listed(dana, Query())} == {await dana.me()}

    @pytest.mark.parametrize("blank", BLANK, ids=ascii)
    async def test_what_cannot_be_seen_names_nothing(self, dana: Store, blank: str) -> None:
        """No conversation, no agent, no message; and nobody."""
        for wrong in (incoming(blank), incoming("c-1", agent=blank), incoming("c-1", said("a", key=blank))):
            with pytest.raises(Rejected):
                await intake_of(dana).ingest([wrong])
        assert await ids(dana, Query()) == []
        nobody = said("a", author=Author.MEMBER, member_email=blank)
        await self.seed(dana, incoming("c-1", nobody, assignee_email=blank))
        assert [message.member for message in await messages(dana)] == [None]
        assert [member.email for member in await dana.members()] == [DANA]
        with pytest.raises(Rejected):
            await intake_of(dana).receive(C1, said("b", 1, key=blank))
        with pytest.raises(Rejected):
            await dana.reply(C1, ReplyDraft("c", blank, last_seen=await last_seen(dana)))
        with pytest.raises(Rejected):
            await team_of(dana).add_member(blank, "", Access.EDIT)
