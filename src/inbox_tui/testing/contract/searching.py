"""Search: which conversations words find."""

from __future__ import annotations

import pytest

from inbox_tui.domain.errors import Rejected
from inbox_tui.domain.filters import Filter, Order, Query
from inbox_tui.domain.models import Kind, Lead, ReplyDraft, Status
from inbox_tui.domain.paging import PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract.base import C1, Contract, ids, needs, require_all_orders, scan_of
from inbox_tui.testing.deciding import set_status
from inbox_tui.testing.factories import BOOKING, DANA, incoming


class SearchingContract(Contract):
    """``list`` with a search."""

    @pytest.fixture
    def finder(self, dana: Store) -> Store:
        """The workspace as its admin sees it, if it can be searched."""
        if not dana.capabilities.search:
            pytest.skip("this store cannot search")
        return dana

    @needs("words")
    async def test_all_words_must_be_in_one_message(self, finder: Store) -> None:
        """In any order; the last may be the beginning of a word."""
        await self.seed(finder, incoming("c-1", "I need to change my flight to Friday", "Thanks a lot"))
        for found in ("flight", "FLIGHT friday", "friday fli", "change my fli", "  flight  "):
            assert await ids(finder, Query(search=found)) == ["c-1"], found
        for not_found in ("fligh friday", "flight thanks", "light", "hotel", "change my fl"):
            assert await ids(finder, Query(search=not_found)) == [], not_found

    @needs("words")
    async def test_a_beginning_is_of_three_letters_and_in_what_is_known_of_two(self, finder: Store) -> None:
        """Fewer begin everything; a character of Chinese or Japanese says as much as three letters."""
        await self.seed(
            finder,
            incoming("c-1", "my flight is ok", lead=Lead("Maya Lindqvist")),
            incoming("c-2", "日本語のメッセージ", lead=Lead("Petra", "x@post.example")),
        )
        for found in ("fli", "ok", "ma", "li", "fli", "is o", "x"):
            expected = {"is o": [], "x": ["c-2"]}.get(found, ["c-1"])
            assert await ids(finder, Query(search=found)) == expected, found
        for found in ("日", "日本", "p", "pe"):
            assert await ids(finder, Query(search=found)) == ([] if found == "p" else ["c-2"]), found
        if finder.capabilities.scan:
            exported = [row.id async for rows in scan_of(finder).scan(Query(search="ma")) for row in rows]
            assert exported == ["c-1"]

    @needs("words")
    async def test_accents_and_case_do_not_matter(self, finder: Store) -> None:
        """For those who cannot type them."""
        await self.seed(finder, incoming("c-1", "Čeká na mě Žofie"))
        assert await ids(finder, Query(search="zofie")) == ["c-1"]
        assert await ids(finder, Query(search="ČEKÁ")) == ["c-1"]

    @needs("words")
    async def test_a_mark_that_is_part_of_a_letter_stays(self, finder: Store) -> None:
        """Latin, Greek and Cyrillic letters lose their accents, Arabic its vowel signs, and no other letter changes."""
        await self.seed(finder, incoming("c-1", "각도 й が نَص अनुवाद"))
        for found in ("각도", "각", "Й", "が", "نص", "अनुवाद", "अनु", "각도"):
            assert await ids(finder, Query(search=found)) == ["c-1"], found
        for not_found in ("가", "か", "अनवाद"):
            assert await ids(finder, Query(search=not_found)) == [], not_found

    @needs("words")
    @pytest.mark.parametrize(
        ("said", "searches"),
        [
            ("Łódź", ("lodz", "ŁÓDŹ", "łodź", "Lo\u0301dz", "ＬＯＤＺ")),
            ("Straße", ("STRASSE", "strasse", "straß", "STRAẞE")),
            ("Œuvre Ærø Þór Guðrún İzmir ılık Đorđe", ("oeuvre", "aero", "thor", "gudrun", "izmir", "ilik", "dorde")),
            ("Ελλάδα Ὀδυσσεύς", ("ελλαδα", "ΟΔΥΣΣΕΥΣ", "οδυσσευς", "ΕΛΛΆΔΑ")),
            ("Ёлка Київ", ("елка", "ЁЛКА", "Киів")),
            ("ﬁne ① Ⅳ ﾃﾞｰﾀ ㎏ ٣٤٥", ("fine", "1", "iv", "データ", "kg", "345")),
            ("co\u00adope\u200brate می\u200cخواهم", ("cooperate", "coope", "co\u2060operate", "میخواهم")),
        ],
    )
    async def test_letters_fold(self, finder: Store, said: str, searches: tuple[str, ...]) -> None:
        """Capitals, accents, strokes, ligatures, wide forms, and what nobody sees inside a word."""
        await self.seed(finder, incoming("c-1", said), incoming("c-2", "else", lead=Lead(said)))
        for search in searches:
            assert sorted(await ids(finder, Query(search=search))) == ["c-1", "c-2"], search

    @needs("words")
    @pytest.mark.parametrize(
        ("sentence", "apart"),
        [
            ("注文した商品が届きません", "商届"),
            ("请问我的退款什么时候到账", "退时"),
            ("ขอคืนเงินด้วยครับ", "ขคน"),
            ("ຂໍເງິນຄືນແດ່", "ຂຄ"),
            ("ខ្ញុំចង់បានប្រាក់វិញ", "ខបវ"),
            ("ငွေပြန်လိုချင်တယ်", "ငလတ"),
        ],
        ids=["japanese", "chinese", "thai", "lao", "khmer", "burmese"],
    )
    async def test_any_run_of_a_sentence_without_spaces_is_found(
        self, finder: Store, sentence: str, apart: str
    ) -> None:
        """Of two characters or more; and no characters that do not follow each other."""
        await self.seed(finder, incoming("c-1", f"order 7: {sentence}! thanks"), incoming("c-2", topic=sentence))
        ends = [(start, end) for start in range(len(sentence) - 1) for end in (start + 2, start + 5, len(sentence))]
        for start, end in ends:
            run = sentence[start:end]
            if len(run) > 1:
                assert sorted(await ids(finder, Query(search=run))) == ["c-1", "c-2"], run
        assert sorted(await ids(finder, Query(search=f"{sentence[2:4]} {sentence[-2:]}"))) == ["c-1", "c-2"]
        assert await ids(finder, Query(search=f"{sentence[2:4]} order thank")) == ["c-1"]
        assert await ids(finder, Query(search=apart)) == []
        assert await ids(finder, Query(search=sentence[::-1])) == []

    @needs("words")
    @pytest.mark.parametrize(
        ("written", "searches", "others"),
        [
            (
                "+46 70 123 99 88",
                ("+46701239988", "0701239988", "123 99 88", "070-123 99 88", "0046 (0)70 1239988", "70 1239988"),
                ("0701239989", "1239 98", "+46701239987", "0711239988"),
            ),
            ("(415) 555-0123", ("+1 415 555 0123", "4155550123", "415.555.0123", "555-0123"), ("212 555 0123",)),
            ("0701239988", ("+46 70 123 99 88", "+46 (0)70-123 99 88"), ("+46 70 123 99 89",)),
            ("8 (495) 123-45-67", ("+7 495 123-45-67", "84951234567", "123 45 67"), ("+7 496 123-45-67",)),
            ("＋４６　７０－１２３９９８８", ("0701239988",), ("0701239980",)),
            ("22 12 34 56", ("+4722123456", "221234 56"), ("+4732123456",)),
        ],
    )
    async def test_any_writing_of_a_telephone_number_finds_it(
        self, finder: Store, written: str, searches: tuple[str, ...], others: tuple[str, ...]
    ) -> None:
        """In messages as in what is known of visitors, with other words or alone."""
        await self.seed(
            finder,
            incoming("c-1", f"please call {written}, thanks"),
            incoming("c-2", lead=Lead("Maya Lindqvist", phone=written)),
        )
        for search in searches:
            assert sorted(await ids(finder, Query(search=search))) == ["c-1", "c-2"], search
            assert await ids(finder, Query(search=f"maya {search}")) == ["c-2"], search
            assert await ids(finder, Query(search=f"{search} thank")) == ["c-1"], search
        for other in others:
            assert await ids(finder, Query(search=other)) == [], other

    @needs("words")
    @pytest.mark.parametrize("id", ["c-1", "conv_01HXZ", "550e8400-e29b-41d4-a716-446655440000", "4711"])
    async def test_a_conversations_id_is_found(self, finder: Store, id: str) -> None:
        """It is what a colleague or a log names."""
        await self.seed(finder, incoming(id, "hello"), incoming("other", "hello"))
        for search in (id, id.upper(), f" {id}  "):
            assert await ids(finder, Query(search=search)) == [id], search

    @needs("words")
    async def test_an_emoji_or_a_sign_is_no_part_of_a_word(self, finder: Store) -> None:
        """It stands between words, or at the end of one, as a comma does, and is not looked for."""
        await self.seed(
            finder,
            incoming("c-1", "thanks🤔 a lot, see you👍🏽soon", "hello🥰"),
            incoming("c-2", "₺100 or 250₿, thank you", topic="Refund💸now", lead=Lead("👩\u200d👧Maya❤\ufe0f")),
        )
        for found in ("thanks lot", "hello", "hello🥰", "🥰 hello", "you soon", "you🥰soon", "🥰thanks🥰a", "hel🫨"):
            assert await ids(finder, Query(search=found)) == ["c-1"], found
        for found in ("100", "₺100", "100₺", "250", "₺ 250", "refund", "now", "maya", "ma❤\ufe0f", "refund💸now"):
            assert await ids(finder, Query(search=found)) == ["c-2"], found
        for not_found in ("🥰", "₺", "🤔🥰", "👩\u200d👧", "hello🥰a", "100🥰250"):
            assert await ids(finder, Query(search=not_found)) == [], not_found

    @needs("words")
    async def test_leads_and_topics_are_searched(self, finder: Store) -> None:
        """Name, address, phone, company and topic."""
        lead = Lead("Maya Lindqvist", "maya@mail.example", "+46 70 123", "Northwind")
        await self.seed(finder, incoming("c-1", lead=lead, topic="Lost luggage"), incoming("c-2"))
        for found in ("maya", "lindq", "mail.example", "123", "northwind", "lost lugg"):
            assert await ids(finder, Query(search=found)) == ["c-1"], found
        assert await ids(finder, Query(search="lindqvist-maya")) == [], "what stands in two fields is no one word"

    @needs("words")
    async def test_a_lead_is_searched_as_it_is_now(self, finder: Store) -> None:
        """Not as it was."""
        await self.seed(finder, incoming("c-1", lead=Lead("Maya")))
        await self.set_lead(finder, C1, Lead("Petra"))
        assert await ids(finder, Query(search="maya")) == []
        assert await ids(finder, Query(search="petra")) == ["c-1"]

    @needs("words")
    async def test_notes_are_searched_and_events_are_not(self, finder: Store) -> None:
        """What people wrote, not what the inbox says."""
        await self.seed(finder, incoming("c-1", "hello"))
        await finder.reply(C1, ReplyDraft("ask the warehouse", "k-1", Kind.NOTE))
        await set_status(finder, C1, Status.RESOLVED, Status.OPEN)
        assert await ids(finder, Query(search="warehouse")) == ["c-1"]
        assert await ids(finder, Query(search="marked resolved")) == []

    async def test_a_search_narrows_the_filter_in_the_lists_order(self, finder: Store) -> None:
        """Any filter, agent and order."""
        require_all_orders(finder)
        await self.seed(
            finder,
            incoming("c-1", "flight", at=1, needs_human=True),
            incoming("c-2", "flight", at=2, status=Status.RESOLVED),
            incoming("c-3", "flight", at=3, agent=BOOKING, assignee_email=DANA),
            incoming("c-4", "hotel", at=4),
        )
        booking = next(agent.id for agent in await finder.agents() if agent.name == BOOKING)
        assert await ids(finder, Query(search="flight")) == ["c-3", "c-2", "c-1"]
        assert await ids(finder, Query(search="flight", order=Order.OLDEST)) == ["c-1", "c-2", "c-3"]
        assert await ids(finder, Query(search="flight", order=Order.WAITING)) == ["c-1", "c-3", "c-2"]
        assert await ids(finder, Query(Filter.RESOLVED, search="flight")) == ["c-2"]
        assert await ids(finder, Query(Filter.YOUR_INBOX, search="flight")) == ["c-3"]
        assert await ids(finder, Query(agent=booking, search="flight")) == ["c-3"]

    async def test_a_search_says_how_many_it_found_and_pages(self, finder: Store) -> None:
        """Exactly, forwards, backwards and by row number."""
        await self.seed(finder, *(incoming(f"c-{number}", "flight", "flight", at=number * 3) for number in range(12)))
        query = Query(search="flight")
        page = await finder.list(query, PageRequest(5))
        assert (page.total, page.total_is_exact, page.offset) == (12, True, 0)
        following = await finder.list(query, PageRequest(5, cursor=page.last))
        assert [row.id for row in following.rows] == ["c-6", "c-5", "c-4", "c-3", "c-2"]
        back = await finder.list(query, PageRequest(5, cursor=following.first, direction="before"))
        assert back.rows == page.rows
        end = await finder.list(query, PageRequest(5, offset=-2))
        assert ([row.id for row in end.rows], end.offset) == (["c-1", "c-0"], 10)

    @needs("prompt")
    async def test_what_is_written_is_found_at_once(self, finder: Store, sam: Store) -> None:
        """By everybody."""
        await self.seed(finder, incoming("c-1", "hello"))
        assert await ids(sam, Query(search="xylophone")) == []
        await self.agent_says(finder, C1, "a xylophone", 1)
        assert await ids(sam, Query(search="xylophone")) == ["c-1"]

    @needs("words")
    @pytest.mark.parametrize(
        "typed",
        ['"', "'", "*", "flight*", "a AND", "OR", "NEAR(", "-flight", "body:flight", "%", "_", "\0", "\ud83d", "("],
    )
    async def test_nothing_that_is_typed_is_a_command(self, finder: Store, typed: str) -> None:
        """No error, whatever it looks like; without a word in it, nothing is found."""
        await self.seed(finder, incoming("c-1", "hotel"))
        assert await ids(finder, Query(search=typed)) == []

    @needs("words")
    @pytest.mark.parametrize(
        ("search", "why"),
        [
            ("word " * 13, "13 words; 12 is"),
            ("a-b-c-d-e-f-g h.i.j.k.l.m.n", "14 words; 12 is"),
            ("flight " * 330, "bytes; 1,000 is"),
            ("日" * 400, "1,200 bytes; 1,000 is"),
        ],
        ids=["words", "parts", "many", "bytes"],
    )
    async def test_a_search_has_an_end(self, finder: Store, search: str, why: str) -> None:
        """Twelve words and a thousand bytes, wherever words are searched."""
        await self.seed(finder, incoming("c-1", " ".join(["word"] * 12)))
        assert await ids(finder, Query(search="word " * 12)) == ["c-1"]
        with pytest.raises(Rejected, match=why):
            await finder.list(Query(search=search), PageRequest())
        if finder.capabilities.scan:
            with pytest.raises(Rejected, match=why):
                await scan_of(finder).matching(Query(search=search), 10)
            with pytest.raises(Rejected, match=why):
                await anext(scan_of(finder).scan(Query(search=search)))

    async def test_a_blank_search_is_none(self, finder: Store) -> None:
        """The whole list."""
        await self.seed(finder, incoming("c-1"))
        page = await finder.list(Query(search="   "), PageRequest())
        assert ([row.id for row in page.rows], page.total) == (["c-1"], None)

    async def test_a_piece_of_what_was_said_finds_it(self, finder: Store) -> None:
        """Also where the server looks for pieces of text and knows no words."""
        await self.seed(finder, incoming("c-1", "I need to change my flight"), incoming("c-2", "Which hotel?"))
        assert await ids(finder, Query(search="flight")) == ["c-1"]
        assert await ids(finder, Query(search="hotel")) == ["c-2"]
        assert await ids(finder, Query(search="xylophone")) == []

    @pytest.mark.parametrize("typed", ['"', "*", "OR", "body:flight", "%", "_", "(", "[bold]", "\x1b[2J", "\ud83d"])
    async def test_nothing_that_is_typed_is_an_error(self, finder: Store, typed: str) -> None:
        """Whatever it finds."""
        await self.seed(finder, incoming("c-1", "hotel"))
        assert set(await ids(finder, Query(search=typed))) <= {"c-1"}
