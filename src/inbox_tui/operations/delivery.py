"""Delivering what a member sends: at once, or when the line is back; once, and in the order in which it was sent.

Each write is on disk before the first attempt. A write that the store cannot take now is
tried again; what it refuses goes back to whoever sent it. What a write means, and whether
it may be done, is the store's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from inbox_tui.domain.errors import InboxError, StoreBroken, StoreUnavailable
from inbox_tui.domain.models import ConversationId, Sent, StateChange
from inbox_tui.domain.outcomes import Outcome
from inbox_tui.domain.writes import ChangesWrite, ReplyWrite, Write
from inbox_tui.local.outbox import Outbox, Undelivered
from inbox_tui.operations.writes import Listener, batches
from inbox_tui.store.pauses import pause
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import utc_now

INITIAL_BACKOFF = 0.5
"""Seconds after which a write that the store could not take is tried again; twice as long each further time."""
MAX_BACKOFF = 15.0
MAX_FAILURES = 8
"""Attempts after which a store that fails in a way of its own, and not for want of a line, counts as refusing."""


class _Entry:
    """A write in the queue, and who waits for what becomes of it."""

    def __init__(self, row: str, write: Write, on_disk: Future[bool] | None, tried_at: datetime | None = None) -> None:
        self.row = row
        self.write = write
        self.on_disk = on_disk
        """Whether it is on disk; None for what was there when this program started."""
        self.tried_at = tried_at
        """When the last attempt began that may have reached the store."""
        self.waiters: list[asyncio.Future[Any]] = []  # Any: a Sent or Outcomes, by the write


class Delivery:
    """The writes of one member to one store, which raise what the port's verbs raise.

    Args:
        store: Where they go.
        outbox: Where they wait.
        left: What earlier programs left there (``Outbox.take_over``).
        random: Spreads the attempts of several clients.
        clock: Gives the present as aware UTC.
    """

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        left: Sequence[Undelivered] = (),
        random: Random | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self.outbox = outbox
        self._random = random or Random()
        self._clock = clock
        self._left = left
        self._queue: deque[_Entry] = deque(_Entry(one.id, one.write, None, one.tried_at) for one in left)
        self._delivering: asyncio.Task[None] | None = None
        self._is_back = asyncio.Event()
        self._is_heard = True
        self._listener: Listener | None = None
        self.held_by: InboxError | None = None
        """Why the store takes no write although it is heard and was tried more than once; None if it takes them."""
        self.unconfirmed = ""
        """The key of the reply that the store may have although no answer came; "" if none is in doubt."""

    def left(self) -> list[ReplyWrite]:
        """Replies and notes that an earlier program sent."""
        return [one.write for one in self._left if isinstance(one.write, ReplyWrite)]

    def start(self, listener: Listener) -> None:
        """Deliver what is left from earlier, and report to a screen from now on."""
        self._listener = listener
        if self._queue:
            self._deliver_soon()

    @property
    def survives(self) -> bool:
        """What is not delivered waits on disk for the next start."""
        return not self.outbox.problem

    @property
    def undelivered(self) -> int:
        """How many writes are on disk and wait."""
        return sum(1 for entry in self._queue if _is_on_disk(entry))

    def is_safe(self, key: str) -> bool:
        """Whether a reply is on disk and would be delivered by a later start."""
        return any(_is_on_disk(entry) and _has_key(entry.write, key) for entry in self._queue)

    def line_is_down(self) -> None:
        """The store is not heard: that is why it takes nothing."""
        self._is_heard, self.held_by = False, None

    def line_is_back(self) -> None:
        """Do not wait any longer before the next attempt."""
        self._is_heard = True
        self._is_back.set()

    async def reply(self, write: ReplyWrite) -> Sent:
        """Send a reply or note; returns once the store has it, however long that takes. Raises as ``Store.reply``."""
        for entry in self._queue:  # left by an earlier program: waited for, not sent a second time
            if _has_key(entry.write, write.draft.key):
                return await self._result_of(entry)  # type: ignore[no-any-return]  # of a ReplyWrite it is a Sent
        return await self._result_of(self._enter(write))  # type: ignore[no-any-return]

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

    def _enter(self, write: Write) -> _Entry:
        row, on_disk = self.outbox.release(write)
        entry = _Entry(row, write, on_disk)
        self._queue.append(entry)
        if self.held_by is not None:
            self._tell_held(self.held_by)
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
                result = await self._attempt(entry, is_repeated=attempts > 1)
            except InboxError as error:
                # A broken answer does not tell whether the write was done; with its key it can be asked again.
                failures += isinstance(error, StoreBroken)
                if isinstance(error, StoreUnavailable) or (isinstance(error, StoreBroken) and failures < MAX_FAILURES):
                    self._show_doubt(entry)
                    if attempts > 1 and self._is_heard:
                        is_news = self.held_by is None or self.held_by.message != error.message
                        self.held_by = error
                        if is_news:
                            self._tell_held(error)
                    await pause(self._is_back, wait * self._random.uniform(0.5, 1.0))
                    wait = min(wait * 2, MAX_BACKOFF)
                    continue
                self.outbox.refused(entry.row)
                self._done(entry)
                self._tell(entry, error)
            else:
                self.outbox.remove(entry.row)
                self._done(entry)
                for waiter in entry.waiters:
                    if not waiter.done():
                        waiter.set_result(result)
                if not entry.waiters and not isinstance(result, Sent):
                    self._tell_refusals(result)
            wait, attempts, failures = INITIAL_BACKOFF, 0, 0

    async def _attempt(self, entry: _Entry, *, is_repeated: bool) -> Sent | Sequence[Outcome]:
        write = entry.write
        if isinstance(write, ReplyWrite):
            return await self._attempt_reply(entry, write)
        await _settled(entry.on_disk)
        outcomes = await self._store.decide(write.changes)
        return [_in_doubt(outcome) for outcome in outcomes] if is_repeated else outcomes

    async def _attempt_reply(self, entry: _Entry, write: ReplyWrite) -> Sent:
        """Send it, with the moment of the attempt before that may have reached the store; this one's is on disk first.

        If the program is killed meanwhile, this attempt counts as one that reached the store. Where it certainly did
        not, the moment before is put back: else a line that is down, or a store that waits for the last attempt to
        arrive, would put the moment off for ever.
        """
        before, now = entry.tried_at, self._clock()
        await _settled(self.outbox.note_attempt(entry.row, now))
        try:
            return await self._store.reply(write.id, msgspec.structs.replace(write.draft, tried_at=before))
        except (StoreUnavailable, StoreBroken) as error:
            if error.maybe_done:
                entry.tried_at = now
            else:
                self.outbox.note_attempt(entry.row, before)
            raise

    def _show_doubt(self, entry: _Entry) -> None:
        """Say that the store may have a reply although no answer came."""
        if isinstance(entry.write, ReplyWrite) and entry.tried_at is not None and not self.unconfirmed:
            self.unconfirmed = entry.write.draft.key
            if self._listener is not None:
                self._listener.unconfirmed(entry.write)

    def _done(self, entry: _Entry) -> None:
        self._queue.popleft()
        self.held_by, self.unconfirmed = None, ""

    def _tell(self, entry: _Entry, error: InboxError) -> None:
        waiting = [waiter for waiter in entry.waiters if not waiter.done()]
        for waiter in waiting:
            waiter.set_exception(error)
        if not entry.waiters and self._listener is not None:
            self._listener.refused(_targets(entry.write), error)

    def _tell_held(self, error: InboxError) -> None:
        if self._listener is not None:
            self._listener.held(error)

    def _tell_refusals(self, outcomes: Sequence[Outcome]) -> None:
        refused = [(outcome.change.id, outcome.refusal) for outcome in outcomes if outcome.refusal is not None]
        if refused and self._listener is not None:
            self._listener.refused([id for id, _ in refused], refused[0][1])


def _in_doubt(outcome: Outcome) -> Outcome:
    """The outcome of a change that an earlier attempt may have made: if so, nobody knows what was before it."""
    return msgspec.structs.replace(outcome, before=None) if outcome.before == outcome.after else outcome


async def _settled(on_disk: Future[bool] | None) -> None:
    """Wait for the disk, which may fail: then the write is kept in memory only, and the outbox says so."""
    if on_disk is not None:
        await asyncio.wrap_future(on_disk)


def _is_on_disk(entry: _Entry) -> bool:
    return entry.on_disk is None or (entry.on_disk.done() and entry.on_disk.result())


def _has_key(write: Write, key: str) -> bool:
    return isinstance(write, ReplyWrite) and write.draft.key == key


def _targets(write: Write) -> list[ConversationId]:
    """The conversations that a write is about."""
    if isinstance(write, ReplyWrite):
        return [write.id]
    return list(dict.fromkeys(change.id for change in write.changes))
