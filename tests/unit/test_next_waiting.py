"""Who is next of those who wait: what is found and what is passed over, whatever stands where."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox_tui.domain.models import Access, Agent, AgentId, Conversation, ConversationId, Member, MemberId
from inbox_tui.operations.next_waiting import _Look
from inbox_tui.testing.factories import minute

ME, LEE = (Member(MemberId(name), f"{name}@acme.example", name, access=Access.EDIT) for name in ("me", "lee"))


@given(holders=st.lists(st.sampled_from((None, ME, LEE)), max_size=12), data=st.data())
def test_going_on_reaches_everybody_who_is_free_once(holders: list[Member | None], data: st.DataObject) -> None:
    rows = [
        Conversation(
            ConversationId(f"c-{n}"),
            Agent(AgentId("a"), "A"),
            minute(0),
            minute(n),
            assignee=holder,
            waiting_since=minute(n),
        )
        for n, holder in enumerate(holders)
    ]
    free = [row.id for row in rows if row.assignee is not LEE]
    here = start = data.draw(st.sampled_from([None, *(row.id for row in rows)]))
    reached: list[ConversationId] = []
    passed = 0
    for _ in range(len(free) + 1):
        look = _Look(here, ME)
        look.finds_in(rows)
        found = look.result
        passed += len(found.passed_over)
        if found.conversation is None:
            break
        assert rows[found.number] is found.conversation
        here = found.conversation.id
        reached.append(here)
    assert set(reached) == set(free) or (len(free) == 1 and here in free)
    assert len(set(reached[: len(free)])) == len(reached[: len(free)])
    if any(row.assignee is LEE and (free or row.id != start) for row in rows):
        assert passed
