"""Delivering what a member sends: at once, or when the line is back; once, and in the order in which it was sent.

Each write is on disk before the first attempt. A write that the store cannot take now is
tried again; what it refuses goes back to whoever sent it. What a write means, and whether
it may be done, is the store's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import msgspec

from inbox_tui.domain.errors import InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.models import ConversationId, ReplyDraft, Sent, StateChange
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.local.outbox import ChangesWrite, OutboxJournal, ReplyWrite, Undelivered, Write
from inbox_tui.operations.writes import batches
from inbox_tui.store.pauses import pause
from inbox_tui.store.protocol import Store

INITIAL_BACKOFF = 0.5
"""Seconds after which a write that the store could not take is tried again; twice as long each further time."""
MAX_BACKOFF = 15.0
TIMEOUT = 8
"""Attempts after which a store that fails in a way of its own, and not for want of a line, counts as refusing."""


class _Entry:
    """A write in the queue, and who waits for what becomes of it."""

    def __init__(self, undelivered: Undelivered) -> None:
        self.row = undelivered.row
        self.write = undelivered.write
        self.waiters: list[asyncio.Future[Any]] = []  # Any: a Sent or Outcomes, by the write


class Delivery:
    """The writes of one member to one store, which raise what the port's verbs raise.

    Args:
        store: Where they go.
        journal: Where they wait.
        random: Spreads the attempts of several clients.
    """

    def __init__(self, store: Store, journal: OutboxJournal, random: Random | None = None) -> None:
        self._store = store
        self._journal = journal
        self._random = random or Random()
        self._queue: deque[_Entry] = deque(_Entry(left) for left in journal.take_over())
        self._delivering: asyncio.Task[None] | None = None
        self._is_back = asyncio.Event()
        self.held_by: InboxError | None = None
        """Why the store takes no write although it is heard and was tried more than once; None if it takes them."""
        self._is_heard = True
        self.kept: Callable[[str], None] = lambda key: None
        """Is told the key of each reply that is on disk now: it needs no draft any more."""
        self.given_back: Callable[[str], None] = lambda key: None
        """Is told the key of each reply that was refused, before it leaves the disk: it is a draft again."""
        self.held: Callable[[InboxError], None] = lambda error: None
        """Is told ``held_by`` when it begins, when its reason changes, and with each write that is sent meanwhile."""
        self.refused: Callable[[Sequence[ConversationId], InboxError], None] = lambda ids, error: None
        """Is told what the store refused when nobody waits for it: it was decided before a restart."""

    def left(self) -> list[ReplyWrite]:
        """Replies and notes that an earlier program sent and that are not delivered yet."""
        return [entry.write for entry in self._queue if isinstance(entry.write, ReplyWrite)]

    def start(self) -> None:
        """Deliver what is left from earlier."""
        if self._queue:
            self._deliver_soon()

    @property
    def problem(self) -> str:
        """Why what is sent may not survive this run; "" if all is well."""
        return self._journal.problem

    @property
    def set_aside(self) -> str:
        """What earlier programs left that cannot be read, if nobody was told of it yet; "" if nothing."""
        return self._journal.set_aside

    @property
    def undelivered(self) -> int:
        """How many writes are on disk and wait."""
        return sum(1 for entry in self._queue if entry.row)

    def line_is_down(self) -> None:
        """The store is not heard: that is why it takes nothing."""
        self._is_heard, self.held_by = False, None

    def line_is_back(self) -> None:
        """Do not wait any longer before the next attempt."""
        self._is_heard = True
        self._is_back.set()

    async def reply(self, id: ConversationId, draft: ReplyDraft, *, and_resolve: bool = False) -> Sent:
        """Send a reply or note; returns once the store has it, however long that takes. Raises as ``Store.reply``.

        ``and_resolve`` is only kept, for whoever sends it after a restart.
        """
        for entry in self._queue:  # left by an earlier program: waited for, not sent anew
            if isinstance(entry.write, ReplyWrite) and entry.write.draft.key == draft.key:
                if entry.row:
                    self.kept(draft.key)
                return await self._result_of(entry)  # type: ignore[no-any-return]  # of a ReplyWrite it is a Sent
        entry = self._enter(ReplyWrite(id, draft, and_resolve))
        if entry.row:
            self.kept(draft.key)
        return await self._result_of(entry)  # type: ignore[no-any-return]

    async def decide_in_batches(self, changes: Sequence[StateChange]) -> AsyncIterator[Sequence[Outcome]]:
        """Change the state of conversations; all changes are on disk before the first batch is delivered.

        Raises as ``Store.decide``.
        """
        entries = [self._enter(ChangesWrite(tuple(batch))) for batch in batches(changes, self._store)]
        results = [self._result_of(entry) for entry in entries]
        try:
            for result in results:
                yield await result  # of such a write they are Outcomes
        finally:
            for result in results:
                result.cancel()

    async def aclose(self) -> None:
        """Stop trying. What is not delivered waits on disk for the next start."""
        if self._delivering is not None:
            self._delivering.cancel()
            with suppress(asyncio.CancelledError):
                await self._delivering
        self._journal.close()

    def _enter(self, write: Write) -> _Entry:
        # In the loop's thread: it takes a millisecond, and the order of the rows is the order of the sending.
        entry = _Entry(Undelivered(self._journal.add(write), write))
        self._queue.append(entry)
        if self.held_by is not None:
            self.held(self.held_by)
        return entry

    def _result_of(self, entry: _Entry) -> asyncio.Future[Any]:
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        entry.waiters.append(result)
        self._deliver_soon()
        return result

    def _deliver_soon(self) -> None:
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.create_task(self._deliver(), name="delivery")

    async def _deliver(self) -> None:
        wait, attempts, failures = INITIAL_BACKOFF, 0, 0
        while self._queue:
            entry = self._queue[0]
            self._is_back.clear()
            attempts += 1
            try:
                result = await self._attempt(entry.write, is_repeated=attempts > 1)
            except InboxError as error:
                # A broken answer does not tell whether the write was done; with its key it can be asked again.
                failures += isinstance(error, StoreBroken)
                if isinstance(error, StoreUnavailable) or (isinstance(error, StoreBroken) and failures < TIMEOUT):
                    if attempts > 1 and self._is_heard:
                        is_news = self.held_by is None or self.held_by.message != error.message
                        self.held_by = error
                        if is_news:
                            self.held(error)
                    await pause(self._is_back, wait * self._random.uniform(0.5, 1.0))
                    wait = min(wait * 2, MAX_BACKOFF)
                    continue
                if isinstance(entry.write, ReplyWrite):
                    self.given_back(entry.write.draft.key)
                self._done(entry)
                self._tell(entry, error)
            else:
                self._done(entry)
                for waiter in entry.waiters:
                    if not waiter.done():
                        waiter.set_result(result)
                if not entry.waiters and not isinstance(result, Sent):
                    self._tell_refusals(result)
            wait, attempts, failures = INITIAL_BACKOFF, 0, 0

    async def _attempt(self, write: Write, *, is_repeated: bool) -> Sent | Sequence[Outcome]:
        if isinstance(write, ReplyWrite):
            return await self._store.reply(write.id, write.draft)
        outcomes = await self._store.decide(write.changes)
        return [_in_doubt(outcome) for outcome in outcomes] if is_repeated else outcomes

    def _done(self, entry: _Entry) -> None:
        self._queue.popleft()
        self.held_by = None
        self._journal.remove(entry.row)

    def _tell(self, entry: _Entry, error: InboxError) -> None:
        waiting = [waiter for waiter in entry.waiters if not waiter.done()]
        for waiter in waiting:
            waiter.set_exception(error)
        if not entry.waiters:
            self.refused(_subjects(entry.write), error)

    def _tell_refusals(self, outcomes: Sequence[Outcome]) -> None:
        refused = [(outcome.change.id, outcome.refusal) for outcome in outcomes if outcome.refusal is not None]
        if refused:
            self.refused([id for id, _ in refused], refused[0][1])


def _in_doubt(outcome: Outcome) -> Outcome:
    """The outcome of a change that an earlier attempt may have made: if so, nobody knows what was before it."""
    return msgspec.structs.replace(outcome, before=None) if outcome.before == outcome.after else outcome


def _subjects(write: Write) -> list[ConversationId]:
    """The conversations that a write is about."""
    if isinstance(write, ReplyWrite):
        return [write.id]
    return list(dict.fromkeys(change.id for change in write.changes))
