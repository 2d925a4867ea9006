"""What a search marks in a text, and which texts are hits."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.hits import Hits
from inbox_tui.domain.letters import folded, folded_at
from inbox_tui.domain.models import Agent, AgentId, Author, Conversation, ConversationId, Kind, Message, MessageId
from inbox_tui.domain.words import words, words_at
from inbox_tui.testing.lists import is_found

THEN = datetime(2026, 11, 3, 10, 2, tzinfo=timezone.utc)
ROW = Conversation(ConversationId(""), Agent(AgentId("a"), ""), THEN, THEN)
TEXTS = st.text(st.sampled_from("aAbzé\u0301ßŁ商品คืか\u3099\u1100\u1161 -,.+()017\n_"), max_size=40)
SEARCHES = st.text(st.sampled_from("aAbzé\u0301ßŁ商品คืか\u3099 -+017"), max_size=12)


def marked(search: str, text: str) -> list[str]:
    return [text[start:end] for start, end in Hits(search).spans(text)]


@pytest.mark.parametrize(
    "search, text, expected",
    [
        ("refund", "Refund, please: a REFUND!", ["Refund", "REFUND"]),
        ("zurich", "from Zürich to Zu\u0308rich", ["Zürich", "Zu\u0308rich"]),
        ("refu", "no refunds, sorry", ["refunds"]),
        ("re", "no refunds, re: you", ["re"]),
        ("refund late", "late for a refund; the refunds are later", ["late", "refund", "later"]),
        ("a-17", "order A-17, not 17 a or a 18", ["A-17"]),
        ("()", "() nothing", []),
        ("商品", "注文した商品が届きません", ["商品"]),
        ("คืนเงิน", "ขอคืนเงินค่ะ", ["คืนเงิน"]),
        ("lodz", "do Łódź i z powrotem", ["Łódź"]),
        ("strasse", "Haupt-STRASSE, Straße", ["STRASSE", "Straße"]),
        ("123 99 88", "call +46 70 123 99 88 today", ["+46 70 123 99 88"]),
        ("0701239988", "call +46 70 123 99 88 today", ["+46 70 123 99 88"]),
        ("cooperate", "co\u00adoperate", ["co\u00adoperate"]),
        ("", "anything", []),
    ],
)
def test_marks_what_is_looked_for(search: str, text: str, expected: list[str]) -> None:
    assert marked(search, text) == expected


@given(TEXTS)
def test_words_stand_where_they_were_cut(text: str) -> None:
    found = words_at(text)
    assert [word.text for word in found] == words(text)
    assert all(0 <= word.start < word.end <= len(text) for word in found)


@given(st.text(max_size=40) | TEXTS)
def test_a_folded_text_knows_where_it_comes_from(text: str) -> None:
    plain, starts, ends = folded_at(text)
    assert plain == folded(text)
    assert len(plain) == len(starts) == len(ends)
    assert all(folded(text[start:end]) for start, end in zip(starts, ends, strict=True))


@given(SEARCHES, TEXTS)
def test_a_hit_is_what_the_stores_find(search: str, text: str) -> None:
    message = Message(MessageId("1"), Author.VISITOR, Kind.MESSAGE, text, THEN)
    assert Hits(search).is_in(text) == is_found(search, ROW, [message])
    if Hits(search).is_in(text):
        assert Hits(search).spans(text)


@given(SEARCHES, TEXTS)
def test_no_character_is_marked_twice(search: str, text: str) -> None:
    spans = Hits(search).spans(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_text_of_the_greatest_length_is_looked_through_once() -> None:
    """A look at all the words behind each word that fits would take hours, where this takes a second."""
    text = "a " * 500_000
    began = process_time()
    assert not Hits("a b").is_in(text)
    assert Hits("a").is_in(text)
    assert Hits("a b").spans(text[:20_000])[-1] == (19_998, 19_999)
    assert process_time() - began < 20
