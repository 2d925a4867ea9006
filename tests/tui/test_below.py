"""Which messages came in below what is on screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from inbox_tui.domain.models import Kind, Message, MessageId
from inbox_tui.testing.factories import message
from inbox_tui.tui.presenters.below import Below


def thread(length: int) -> list[Message]:
    """Every third is an event."""
    return [
        replace(message(id=str(number)), kind=Kind.MESSAGE if number % 3 else Kind.EVENT)
        for number in range(1, length + 1)
    ]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 25), st.integers(1, 6)), min_size=1))
def test_what_stands_behind_the_last_that_was_on_screen_is_below(steps: list[tuple[int, int, int]]) -> None:
    """However messages come in, and whichever part of the thread the screen shows."""
    below, length, seen = Below(), 3, 0
    for new, first, height in steps:
        length += new
        messages = thread(length)
        top = min(first, length)
        last = min(top + height - 1, length)
        was = below.messages
        changed = below.look(messages, [each.id for each in messages[top - 1 : last]], is_at_end=last == length)
        seen = max(seen or length, last)
        expected = [each.id for each in messages[seen:] if each.kind is not Kind.EVENT]
        assert [each.id for each in below.messages] == expected
        assert changed is ([each.id for each in was] != expected)


def test_where_nothing_that_was_seen_is_left_nothing_is_said() -> None:
    below = Below()
    below.look(thread(4), [], is_at_end=True)
    other = [message(id="9"), message(id="10")]
    below.look(other, [MessageId("4")], is_at_end=False)
    assert not below.messages
    below.look(other, [MessageId("9")], is_at_end=False)
    assert below.messages == (other[1],)
