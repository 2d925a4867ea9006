"""Whatever people write comes back as they wrote it, and is never anything but text."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import Query
from inbox_tui.domain.intake import trimmed_lead
from inbox_tui.domain.limits import AGENT_NAME_LIMIT, FIELD_LIMIT, ID_LIMIT, TOPIC_LIMIT, shortened
from inbox_tui.domain.models import ConversationId, Kind, Lead, ReplyDraft, Status
from inbox_tui.domain.text import replace_unstorable
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, ids, last_seen, listed, messages, needs
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import incoming, said

HOSTILE = {
    "one letter": "x",
    "a dot among spaces": "  .  ",
    "lines": "\r\n one \r two \n\n",
    "emoji": "\U0001f469\u200d\U0001f467 \U0001f1f8\U0001f1ea \U0001f44b\U0001f3fd ❤\ufe0f",
    "right to left": "שלום \u202e txt.exe مرحبا",
    "very long": "0123456789" * 10_240,
    "wildcards": "100 % of _it_",
    "quotes": "it's \"quoted\" `so` \\ \\' ; DROP TABLE message; --",
    "markup": "[/] [bold]x[/bold] [@click=app.quit]here[/]",
    "terminal": "\x1b[2J\x1b]52;c;aGk=\x07 \x9b31m \x7f",
    "marks": "z\u0301\u0336\u0335\u0334\u0333 \u0301",
    "formula": '=HYPERLINK("https://x.example")',
    "not characters": "\ufffe \U0010ffff \ue000 \ufeff",
}

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


class HostileContract(Contract):
    """Text in, the same text out."""

    @needs("to_the_letter")
    @hostile
    async def test_messages_are_kept_to_the_letter(self, dana: Store, text: str) -> None:
        """Taken in, received, replied and noted."""
        await self.seed(dana, incoming("c-1", said(text)))
        await dana.reply(C1, ReplyDraft(text, "k-1", last_seen=await last_seen(dana)))
        await dana.reply(C1, ReplyDraft(text, "k-2", Kind.NOTE))
        assert [message.body for message in await messages(dana)] == [text] * 3

    @needs("to_the_letter")
    @hostile
    async def test_leads_topics_and_agents_are_kept_to_the_letter(self, dana: Store, text: str) -> None:
        """Everything that a visitor or a website may choose."""
        lead = Lead(*[shortened(text, FIELD_LIMIT)] * 4)
        topic, agent = shortened(text, TOPIC_LIMIT), shortened(text, AGENT_NAME_LIMIT)
        await self.seed(dana, incoming("c-1", lead=lead, topic=topic, agent=agent))
        [row] = await listed(dana, Query())
        kept = trimmed_lead(lead)
        assert (row.lead, row.topic, row.agent.name) == (kept, topic, agent)
        assert kept.name in lead.name

    @needs("to_the_letter")
    @hostile
    async def test_ids_and_keys_are_kept_to_the_letter(self, dana: Store, text: str) -> None:
        """They come from elsewhere too."""
        id = text[:ID_LIMIT]
        await self.seed(dana, incoming(id, said("a", key=id)), incoming(id, said("a", key=id)))
        assert await ids(dana, Query()) == [id]
        [message] = (await dana.thread(ConversationId(id))).messages
        assert message.key == id

    @needs("to_the_letter")
    @pytest.mark.parametrize(
        "id", [".", "..", "../..", "a/b", "%2e", "%252F", "?#", "a;b", "//", "\u2028x", "日" * (ID_LIMIT // 3)]
    )
    async def test_no_id_leads_elsewhere(self, dana: Store, id: str) -> None:
        """An id may stand in addresses."""
        await self.seed(dana, incoming("c-1"), incoming(id))
        assert (await dana.get(ConversationId(id))).id == id
        assert (await set_status(dana, ConversationId(id), Status.RESOLVED, Status.OPEN)).id == id
        assert (await dana.get(C1)).status is Status.OPEN

    @hostile
    async def test_searching_for_it_is_no_command(self, dana: Store, text: str) -> None:
        """It finds or it does not; it does not fail."""
        await self.seed(dana, incoming("c-1", said(text)))
        assert set(await ids(dana, Query(search=text[:200]))) <= {"c-1"}

    @needs("to_the_letter")
    @pytest.mark.parametrize("given", ["half \ud83d pair", "a \0 null"])
    async def test_what_databases_cannot_hold_becomes_the_replacement_character(self, dana: Store, given: str) -> None:
        """Everywhere alike, and found again."""
        kept = replace_unstorable(given)
        assert kept.count("\ufffd") == 1
        lead = Lead(given, given, given, given)
        whole = incoming(given, said(given, key=given), lead=lead, topic=given, agent=given)
        await self.seed(dana, whole)
        await self.seed(dana, whole)
        id = ConversationId(given)
        await dana.reply(id, ReplyDraft(given, "k-1" + given, last_seen=await last_seen(dana, id)))
        assert (await dana.reply(id, ReplyDraft(given, "k-1" + given))).was_known
        row = await dana.get(id)
        assert (row.id, row.lead.name, row.topic, row.agent.name) == (kept,) * 4
        assert row.last_message == kept
        assert [message.body for message in await messages(dana, id)] == [kept] * 2

    @hostile
    async def test_what_people_write_stays_text(self, dana: Store, text: str) -> None:
        """A reply is in the thread as the store says that it sent it, or it was refused and is not there."""
        await self.seed(dana, incoming("c-1"))
        try:
            sent = await dana.reply(C1, ReplyDraft(text, "k-1", last_seen=await last_seen(dana)))
        except Rejected:
            assert len(await messages(dana)) == 1
        else:
            assert sent.message in await messages(dana)
            assert sent.message.body
