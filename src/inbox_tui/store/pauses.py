"""The pause between two attempts to reach a store: news, or the end of its task, cuts it short."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def pause(until: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but no longer than this many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
