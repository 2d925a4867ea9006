"""Running the inbox from start to end: the store is opened while the screens are loaded.

A store at the other end of a line is waited for in any case, and loading the screens takes as long as a round trip
over a long one.
"""

from __future__ import annotations

import asyncio
import sys
import threading

from inbox_tui.local.launch import Launch
from inbox_tui.tui.inbox.opening import open_inbox

BEGUN_WITHIN = 0.01
"""Seconds that opening has to itself, so that what it asks for is on its way."""
SWITCH_INTERVAL = 0.0005
"""Seconds that the thread that writes to the terminal waits for its turn; a key's paint waits with it."""


def run_inbox(launch: Launch) -> int:
    """Open the inbox and work in it until the member quits; returns the exit code.

    Raises:
        InboxError: the inbox could not be opened; no screen was drawn.
    """
    return asyncio.run(_run(launch))


async def _run(launch: Launch) -> int:
    opening = asyncio.create_task(open_inbox(launch), name="open")
    await asyncio.wait([opening], timeout=BEGUN_WITHIN)
    from inbox_tui.tui.app import InboxApp  # and the toolkit with it
    from inbox_tui.tui.terminal.hangup import HangupHandler

    sys.setswitchinterval(SWITCH_INTERVAL)
    opened = await opening
    beside = None
    try:
        app = InboxApp(launch, opened)
        threading.excepthook = lambda failed: app.fail(failed.exc_value)
        line = HangupHandler(app, launch.journal.flush)
        app.on_hangup = line.end
        if launch.beside is not None:
            beside = asyncio.ensure_future(launch.beside())
            beside.add_done_callback(lambda ended: app.fail(None if ended.cancelled() else ended.exception()))
        await app.run_async(mouse=launch.settings.mouse)
        if line.exit_code is not None:  # whatever else went wrong while everything ended
            line.let_go()
            return line.exit_code
        if app.failure is not None:
            raise app.failure
        if app.farewell:
            launch.say(app.farewell)
        return app.return_code or 0
    finally:
        launch.journal.close()
        if beside is not None:
            beside.cancel()
            await asyncio.wait([beside])
        await opened.aclose()
