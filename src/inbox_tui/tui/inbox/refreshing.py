"""Rereads changed conversations, one call at a time: reports that arrive meanwhile wait for the next call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from inbox_tui.domain.models import ConversationId


class RefreshQueue:
    """The conversations to reread.

    Args:
        run: Runs a coroutine beside the screen.
        read: Reads conversations, the filters' numbers and the open thread. Reports its own errors.
    """

    def __init__(
        self,
        run: Callable[[Coroutine[Any, Any, None]], None],
        read: Callable[[Sequence[ConversationId]], Coroutine[Any, Any, None]],
    ) -> None:
        self._run = run
        self._read = read
        self._ids: dict[ConversationId, None] = {}
        self._is_wanted = False
        self._is_reading = False

    @property
    def is_waiting(self) -> bool:
        """Another call follows the one under way."""
        return self._is_wanted

    def add(self, ids: Iterable[ConversationId] = ()) -> None:
        """Reread these; without any, only the numbers and the open thread."""
        self._ids |= dict.fromkeys(ids)
        self._is_wanted = True
        if not self._is_reading:
            self._run(self._read_all())

    async def _read_all(self) -> None:
        if self._is_reading:  # two were added before the first worker began
            return
        self._is_reading = True
        try:
            while self._is_wanted:
                ids, self._ids, self._is_wanted = tuple(self._ids), {}, False
                await self._read(ids)
        finally:
            self._is_reading = False
