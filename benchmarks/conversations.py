"""Invented conversations: who wrote when, what became of it, and the record a store would hold.

Nothing here knows a file. The mix is that of a busy support inbox: what is open, waiting
or somebody's is mostly recent; ten threads are very long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from random import Random
from typing import NamedTuple

from benchmarks.vocabulary import Vocabulary
from inbox_tui.domain import rules
from inbox_tui.domain.models import Agent, Author, Conversation, ConversationId, Kind, Lead, Member, Status

_SECOND = 1_000_000
_YEAR = 365 * 24 * 3600 * _SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LENGTHS = range(2, 12)
_LENGTH_WEIGHTS = list(accumulate(1 / (1 + abs(length - 4)) for length in _LENGTHS))
_PACE = 1 / (150 * _SECOND)
_LONG_THREADS = 10
_LONG = 1_000
_LEAD_SHARE = 0.35
_HUMAN_SHARE = 0.3
_SECOND_AGENT_SHARE = 0.3
_ASSIGNED_SHARE = 0.393
"""Of the open ones; with fifty members, a million conversations leave each about 1,100."""


_VISITOR, _AGENT, _MEMBER, _SYSTEM = (author.value for author in Author)
_MESSAGE, _EVENT = Kind.MESSAGE.value, Kind.EVENT.value
"""Plain texts: millions of enumeration members would be adapted to them one by one."""


class Said(NamedTuple):
    """One entry of a thread; sorts by time, then by conversation and place in it."""

    at: int
    """Microseconds since 1970."""
    row_id: int
    place: int
    author: str
    kind: str
    member: Member | None
    body: str
    closes: Conversation | None
    """The finished record, on the last thing said between visitor and workspace."""


@dataclass(frozen=True)
class Team:
    """Who works in the workspace."""

    agents: tuple[Agent, ...]
    members: tuple[Member, ...]


class Conversations:
    """A year of conversations, oldest first."""

    def __init__(self, count: int, seed: int, team: Team, vocabulary: Vocabulary, now: datetime) -> None:
        self._count = count
        self._random = Random(seed)
        self._team = team
        self._vocabulary = vocabulary
        self._now = _micros(now) - 60 * _SECOND
        self._leads = [self._lead() for _ in range(min(count, 50_000))]

    def starts(self) -> Iterator[tuple[int, list[Said]]]:
        """Each conversation's beginning and its whole thread."""
        step = _YEAR // self._count
        first = self._now - _YEAR
        long_every = max(1, self._count // _LONG_THREADS)
        for number in range(self._count):
            at = first + number * step + int(self._random.random() * step)
            is_long = number % long_every == long_every // 2 and number // long_every < _LONG_THREADS
            yield at, self._thread(number, at, is_long)

    def _thread(self, number: int, at: int, is_long: bool) -> list[Said]:
        random = self._random
        is_recent = number >= self._count * 0.8
        chance = random.random()
        is_open = chance < (0.5 if is_recent else 0.05)
        is_pending = chance < (0.12 if is_recent else 0.0075)
        assignee = random.choice(self._team.members) if is_open and random.random() < _ASSIGNED_SHARE else None
        human = assignee or (random.choice(self._team.members) if random.random() < _HUMAN_SHARE else None)
        length = _LONG if is_long else random.choices(_LENGTHS, cum_weights=_LENGTH_WEIGHTS)[0]
        if length % 2 != is_pending:
            length += 1  # the visitor begins, and who waits wrote last
        said = self._exchange(number + 1, at, length, human)
        record = self._record(number, said, is_open=is_open, is_pending=is_pending, assignee=assignee)
        said[-1] = said[-1]._replace(closes=record)
        return said

    def _exchange(self, row_id: int, at: int, length: int, human: Member | None) -> list[Said]:
        """Visitor and agent in turn; from the middle on a member, if one took it."""
        random, said, took = self._random, list[Said](), False
        for turn in range(length):
            author, member = (_AGENT, None) if turn % 2 else (_VISITOR, None)
            if human and turn % 2 and turn * 2 >= length:
                author, member = _MEMBER, human
                if not took:
                    sentence = f"{human.label} took this"
                    said.append(Said(at, row_id, len(said), _SYSTEM, _EVENT, human, sentence, None))
                    took = True
            body = self._vocabulary.text(random, 2 + int(random.random() * random.random() * 40))
            said.append(Said(at, row_id, len(said), author, _MESSAGE, member, body, None))
            at += int(min(random.expovariate(_PACE), (self._now - at) / (length - turn)))
        return said

    def _record(
        self, number: int, said: list[Said], *, is_open: bool, is_pending: bool, assignee: Member | None
    ) -> Conversation:
        random, spoken = self._random, [entry for entry in said if entry.kind is _MESSAGE]
        last = spoken[-1]
        replied = next((entry for entry in spoken if entry.author is _MEMBER), None)
        answered = next((entry for entry in reversed(spoken) if entry.author is not _VISITOR), None)
        return Conversation(
            id=ConversationId(f"c-{number + 1}"),
            agent=self._team.agents[random.random() < _SECOND_AGENT_SHARE],
            created_at=_moment(said[0].at),
            last_activity_at=_moment(last.at),
            lead=random.choice(self._leads) if random.random() < _LEAD_SHARE else Lead(),
            topic=self._vocabulary.text(random, 2)[:-1],
            status=Status.OPEN if is_open else Status.RESOLVED,
            assignee=assignee,
            waiting_since=_moment(last.at) if is_pending else None,
            handoff_requested=is_pending,
            last_outgoing=Author(answered.author) if answered else None,
            first_human_reply_at=_moment(replied.at) if replied else None,
            resolved_at=None if is_open else _moment(last.at),
            messages=len(spoken),
            last_message_author=Author(last.author),
            last_message=rules.preview(last.body),
        )

    def _lead(self) -> Lead:
        name = self._vocabulary.name(self._random)
        address = f"{name.replace(' ', '.').casefold()}@visitor.example"
        phone = f"+00 {self._random.randrange(10**6, 10**7)}" if self._random.random() < 0.5 else ""
        return Lead(name, address, phone)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
