"""Changes of state over HTTP: the type of a refusal survives, and the routes for people and scripts stay."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import msgspec
import pytest

from inbox_tui.backends.sqlite.store import SqliteStore
from inbox_tui.domain.errors import Conflict, InboxError, NotAllowed, Rejected, Unsupported
from inbox_tui.domain.models import Assign, Conversation, SetStatus, StateChange, Status
from inbox_tui.domain.outcomes import Outcome, refused
from inbox_tui.store.api import STATUSES, ChangeResult, Problem, outcome_of, result_of
from inbox_tui.store.protocol import Store
from inbox_tui.testing.factories import DANA, message, record
from server.harness import Served
from server.team import ONE, TWO

RESOLVE = SetStatus(ONE, Status.RESOLVED, Status.OPEN)


async def client_of(served: Served, email: str = DANA) -> httpx.AsyncClient:
    secret, _ = await served.token(email)
    return httpx.AsyncClient(base_url=served.api, headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("kind", STATUSES)
def test_each_type_of_refusal_survives_the_line(kind: type[InboxError]) -> None:
    refusal = kind("Not done.", hint="Do something else.")
    if isinstance(refusal, Conflict):
        refusal.conversation, refusal.messages = record(), (message(),)
    content = msgspec.json.encode(result_of(refused(RESOLVE, record(), refusal)))
    outcome = outcome_of(msgspec.json.decode(content, type=ChangeResult))
    found = outcome.refusal
    assert type(found) is kind
    assert (found.message, found.hint) == ("Not done.", "Do something else.")
    assert (outcome.change, outcome.before, outcome.after) == (RESOLVE, record(), None)
    if isinstance(found, Conflict):
        assert (found.conversation, found.messages) == (record(), (message(),))


async def test_an_earlier_client_finds_what_it_knows(served: Served) -> None:
    changes = [RESOLVE, Assign(ONE, None, None), Assign(TWO, None, None)]
    async with await client_of(served) as dana:
        me = (await dana.get("/me")).json()["id"]
        changes[1] = Assign(ONE, me, me)
        answer = await dana.post("/bulk", content=msgspec.json.encode({"changes": changes}))
    resolved, conflict, unchanged = answer.json()
    assert resolved["error"] == unchanged["error"] == ""
    assert resolved["after"]["status"] == "resolved"
    assert (conflict["after"], conflict["error"]) == (None, "Not assigned: it is unassigned now.")
    assert conflict["before"] == resolved["after"]
    assert conflict["change"] == {"type": "assign", "id": "one", "member": me, "expected": me}
    assert conflict["refusal"]["error"] == "conflict"


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("one/status", {"status": "resolved", "expected": "open"}, 200, ""),
        ("one/status", {"status": "resolved", "expected": "resolved"}, 409, "conflict"),
        ("gone/status", {"status": "resolved", "expected": "open"}, 404, "not_found"),
        ("one/assignee", {"member": None, "expected": "1"}, 200, ""),
        ("one/assignee", {"member": "2", "expected": "3"}, 409, "conflict"),
        ("one/assignee", {"member": "3", "expected": None}, 422, "rejected"),
        ("one/assignee", {"member": "4711", "expected": None}, 404, "not_found"),
    ],
)
async def test_the_routes_for_one_change(
    served: Served, store: Store, path: str, body: dict[str, str | None], status: int, word: str
) -> None:
    async with await client_of(served) as dana:
        answer = await dana.put(f"/conversations/{path}", json=body)
    now = await store.get(ONE)
    assert answer.status_code == status
    if status == 200:
        assert msgspec.json.decode(answer.content, type=Conversation) == now
    else:
        problem = msgspec.json.decode(answer.content, type=Problem)
        assert problem.error == word
        assert problem.conversation == (now if status == 409 else None)
        assert (now.status, now.assignee) == (Status.OPEN, None)


async def test_a_refusal_does_not_tell_where_the_store_is(
    served: Served, store: Store, remote: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = {
        "named": NotAllowed(f"{store.name} does not let you."),
        "of the database": Rejected(f"{store.name}: bad value", public="This cannot be stored."),
    }

    async def refuse(_: SqliteStore, changes: Sequence[StateChange]) -> Sequence[Outcome]:
        return [refused(change, None, error) for change, error in zip(changes, public.values(), strict=True)]

    monkeypatch.setattr(SqliteStore, "decide", refuse)
    named, of_database = await remote.decide([RESOLVE, RESOLVE])
    assert (type(named.refusal), str(named.refusal)) == (NotAllowed, "the store does not let you.")
    assert (type(of_database.refusal), str(of_database.refusal)) == (Rejected, "This cannot be stored.")


async def test_what_the_store_cannot_do_is_not_even_asked(
    served: Served, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of an earlier version does not know the kind, and would refuse everything."""
    limited = msgspec.structs.replace(store.capabilities, assign=False, batch=3)
    monkeypatch.setattr(SqliteStore, "capabilities", limited)
    remote = await served.open_as(DANA)
    assert (remote.capabilities.assign, remote.capabilities.batch) == (False, 3)
    me = (await remote.me()).id
    first, second, third = await remote.decide([Assign(ONE, me, None), RESOLVE, Assign(TWO, me, None)])
    await remote.aclose()
    assert second.result().status is Status.RESOLVED
    assert [type(each.refusal) for each in (first, third)] == [Unsupported, Unsupported]
    assert first.refusal is not None
    assert first.refusal.message == "This store cannot assign conversations."
    assert (await store.get(ONE)).assignee is None
