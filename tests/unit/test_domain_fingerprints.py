"""Ids that a restore cannot repeat: what is written into one is read from it, and nothing else passes for one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.changes import BYTES_LISTED, CHANGES_LISTED, NOWHERE, ChangeId, Written, report
from inbox_tui.domain.errors import NotFound
from inbox_tui.domain.fingerprints import Numbered, may_be_same, numbered_id, read_id
from inbox_tui.domain.models import ConversationId, MessageId
from inbox_tui.domain.replies import HeardId, heard, heard_id

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NUMBERS = st.integers(0, 10**18 - 1)
CONTENT = st.lists(st.one_of(st.text(), st.integers()), max_size=4)
TIMES = st.integers(0, 10**17 - 1).map(lambda micros: EPOCH + timedelta(microseconds=micros))


@given(NUMBERS, CONTENT)
def test_an_id_says_its_number_and_knows_its_content(number: int, content: list[str | int]) -> None:
    id = numbered_id(number, *content)
    said = read_id(id)
    assert said is not None
    assert said.number == number
    assert said.names(*content)
    assert not said.names(*content, "more")
    assert Numbered(number).names(*content), "a bare number is believed"


@given(st.integers(0, 2**62), st.integers(1, 10**9), st.text(), st.text())
def test_what_differs_in_one_thing_is_something_else(at: int, later: int, key: str, other: str) -> None:
    id = read_id(numbered_id(1, at, "member", key))
    assert id is not None
    assert not id.names(at + later, "member", key)
    assert id.names(at, "member", other) is (key.split("\0") == other.split("\0"))


@given(st.text())
def test_any_text_is_an_id_or_none_and_never_an_error(text: str) -> None:
    found = read_id(text)
    assert found is None or text in (str(found.number), f"{found.number}.{found.fingerprint}") or text[0] == "0"
    try:
        heard(HeardId(text))
    except NotFound as error:
        assert error.hint


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.5", "1.", ".1", "1.ABCDEF01", "1.0123456789", "9" * 19, "²", "1\n", " 1"]
)
def test_what_was_never_given_out(text: str) -> None:
    assert read_id(text) is None


@given(st.integers(0, 99), CONTENT, TIMES)
def test_a_place_says_message_and_time(number: int, content: list[str | int], at: datetime) -> None:
    message = MessageId(numbered_id(number, *content))
    place = heard(heard_id(message, at))
    assert (place.message, place.at) == (read_id(message), at)
    assert heard(HeardId(message)).at is None


def test_a_time_before_all_times_is_the_first() -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))
    assert heard(heard_id(MessageId("1.00000000"), early)).at == EPOCH


def test_what_may_be_the_same() -> None:
    assert may_be_same("7", "7") and may_be_same("7", "7.00000000") and may_be_same("7.00000000", "7")
    assert not may_be_same("7.00000001", "7.00000000")
    assert not may_be_same("7", "8.00000000")
    assert may_be_same("any text", "any text") and not may_be_same("any text", "7")


def test_reports_of_earlier_versions_are_understood_and_the_other_way_round() -> None:
    old = msgspec.json.decode(b'{"seq":12,"conversations":["c-1"],"team":false,"reset":false}', type=Written)
    assert (old.id, old.seq) == ("12", 12)
    new = Written(ChangeId("12.0123abcd"), (ConversationId("c-1"),))
    assert msgspec.json.decode(msgspec.json.encode(new))["seq"] == 12
    assert msgspec.json.decode(msgspec.json.encode(new), type=Written) == new
    assert Written().id == NOWHERE


@given(st.lists(st.integers(1, 2_000), max_size=200))
def test_a_report_is_bounded(sizes: list[int]) -> None:
    ids = [ConversationId(f"{number:04}".ljust(size, "é")) for number, size in enumerate(sizes)]
    told = report(ChangeId("1.00000000"), ids, team=False)
    size = sum(len(id.encode()) for id in ids)
    assert told.reset is (size > BYTES_LISTED)
    assert told.conversations == (() if told.reset else tuple(ids))


def test_a_report_lists_so_many_and_each_once() -> None:
    ids = [ConversationId(str(number)) for number in range(CHANGES_LISTED)]
    assert report(NOWHERE, [*ids, *ids], team=False).conversations == tuple(ids)
    assert report(NOWHERE, [*ids, ConversationId("one more")], team=False).reset
