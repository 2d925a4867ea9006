"""How much of the contract a store without facets skips, and that the weaker tests can fail."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from contract import test_weak_contract as weak_contract
from contract.weak import WeakServer, WeakStore
from inbox_tui.domain.changes import ChangeId, FeedReport, Written
from inbox_tui.domain.filters import Query
from inbox_tui.domain.models import (
    Access,
    Conversation,
    ConversationId,
    Kind,
    Member,
    Message,
    ReplyDraft,
    Sent,
    StateChange,
)
from inbox_tui.domain.paging import Page, PageRequest
from inbox_tui.store.protocol import Store
from inbox_tui.testing.contract import OpenAs, StoreContract, TwiceContract, base, feed
from inbox_tui.testing.factories import DANA, SAM

ROOT = Path(__file__).parents[2]
MAX_SKIPPED = 0.15


def test_a_plain_store_skips_little(tmp_path: Path) -> None:
    """A facet's tests are not collected for it; what is left runs by the hooks."""
    report = tmp_path / "report.xml"
    words = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    done = subprocess.run(
        [*words, "tests/contract/plain.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout
    cases = ElementTree.parse(report).getroot().findall(".//testcase")
    skipped = Counter(skip.get("message") for case in cases for skip in case.findall("skipped"))
    assert len(cases) > 200
    assert skipped.total() < MAX_SKIPPED * len(cases), skipped


class OverHeads(WeakStore):
    """It writes without looking what colleagues did."""

    def _compare(self, change: StateChange, before: Conversation, me: Member) -> None:
        """Nothing is a conflict."""

    async def reply(self, id: ConversationId, draft: ReplyDraft) -> Sent:
        """As if everything had been seen."""
        newest = (await self.thread(id)).messages[-1].id
        return await super().reply(id, msgspec.structs.replace(draft, last_seen=newest))


class Forgetful(WeakStore):
    """It never knows a message again."""

    def _message(self, message: Message) -> Message:
        return msgspec.structs.replace(super()._message(message), key="")


class Deaf(WeakStore):
    """Its feed says nothing of what was missed, and forgets all but one conversation."""

    async def changes(self, since: ChangeId | None = None) -> AsyncIterator[FeedReport]:
        """Reports of one conversation."""
        async for report in super().changes():
            if isinstance(report, Written):
                yield msgspec.structs.replace(report, conversations=report.conversations[-1:])
            else:
                yield report


class Greedy(WeakStore):
    """It shows the first page of a list again and again."""

    async def list(self, query: Query, page: PageRequest) -> Page:
        """Rows without regard to the place."""
        return await super().list(query, PageRequest(1))


FAILED = (AssertionError, TimeoutError, pytest.fail.Exception)
Twin = Callable[[StoreContract, WeakServer, Store, Store], Awaitable[None]]

TWINS: dict[str, tuple[type[WeakStore], Twin]] = {
    "taken over a colleague's head": (
        OverHeads,
        lambda suite, _, dana, sam: suite.test_what_a_colleague_took_before_is_not_taken_from_them(dana, sam),
    ),
    "resolved over a colleague's head": (
        OverHeads,
        lambda suite, _, dana, sam: suite.test_what_a_colleague_resolved_before_is_known(dana, sam),
    ),
    "replied over a colleague's head": (
        OverHeads,
        lambda suite, _, dana, sam: suite.test_what_a_colleague_replied_before_is_shown_first(dana, sam),
    ),
    "sent twice, its answer lost": (
        Forgetful,
        lambda suite, server, dana, _: twice(suite).test_what_was_sent_is_found_though_its_answer_was_lost(
            server, dana, Kind.MESSAGE
        ),
    ),
    "sent twice, its request lost": (
        Forgetful,
        lambda suite, server, dana, _: twice(suite).test_what_did_not_arrive_is_sent_once(server, dana, Kind.NOTE),
    ),
    "not known again after two at once": (
        Forgetful,
        lambda suite, server, dana, _: suite.test_what_two_sessions_sent_at_once_is_known_afterwards(
            dana, opener(server)
        ),
    ),
    "missed by who was away": (
        Deaf,
        lambda suite, server, dana, _: suite.test_who_comes_back_is_told_at_least_what_they_missed(
            dana, opener(server)
        ),
    ),
    "met twice in a list": (
        Greedy,
        lambda suite, _, dana, __: suite.test_a_list_in_its_own_order_is_whole_read_either_way(dana),
    ),
}
"""What is wrong with an adapter, and the weaker test that finds it."""


def twice(suite: StoreContract) -> TwiceContract:
    assert isinstance(suite, TwiceContract)
    return suite


def opener(server: WeakServer) -> OpenAs:
    async def open_as(email: str) -> Store:
        return server.open_as(email)

    return open_as


@pytest.mark.slow
@pytest.mark.parametrize("wrong", TWINS)
async def test_a_weaker_test_finds_what_is_wrong(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, twin = TWINS[wrong]
    for module in (feed, base):
        monkeypatch.setattr(module, "SECONDS", 0.2)
    for kind in (WeakStore, adapter):
        server = WeakServer(kind)
        suite = weak_contract.TestWeakContract()
        suite._server = server
        server.admit(SAM, "Sam Okafor", Access.EDIT)
        with (
            nullcontext() if kind is WeakStore else pytest.raises((AssertionError, TimeoutError, pytest.fail.Exception))
        ):
            await twin(suite, server, server.open_as(DANA), server.open_as(SAM))
