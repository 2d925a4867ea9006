"""Waiting between two tries, by whoever talks to a store: ends early when there is news, and with its task."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def pause(until: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but no longer than this many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
