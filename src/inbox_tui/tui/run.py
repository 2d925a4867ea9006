"""Runs the inbox on a terminal: opens it, draws it, and ends with an exit code.

What holds for the whole process is set here and nowhere else, so that importing a screen changes nothing.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading

from inbox_tui.local.launch import Launch

SWITCH_INTERVAL = 0.0005
"""Seconds that the thread that writes to the terminal waits for its turn; a key's paint waits with it."""
BEGUN_WITHIN = 0.01
"""Seconds that opening the store has to itself, so that what it asks for is on its way."""
_TEXTUAL = {
    "TEXTUAL_ANIMATIONS": "none",
    # Reports of size in the input stream are a way in for others' bytes, and nothing here scrolls by pixels.
    "TEXTUAL_SMOOTH_SCROLL": "0",
    # A move paints the list, then the pane; at 60 frames a second the second paint would wait 16 ms for its turn.
    "TEXTUAL_FPS": "240",
}
_TEXTUAL_WHEN_SLOW = {"TEXTUAL_COLOR_SYSTEM": "standard", "TEXTUAL_FPS": "15"}


def run_inbox(launch: Launch) -> int:
    """Open the inbox and work in it until the member quits; returns the exit code.

    Raises:
        InboxError: the inbox could not be opened; no screen was drawn.
    """
    prepare_process(slow=launch.settings.slow)
    return asyncio.run(_run(launch))


def prepare_process(*, slow: bool = False) -> None:
    """Set what Textual reads when it is imported, and what Python does beside the program's own work."""
    if slow:
        os.environ.update(_TEXTUAL_WHEN_SLOW)
    for name, value in _TEXTUAL.items():
        os.environ.setdefault(name, value)
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.disable()  # until the first screen stands; loading Textual is a sixth slower with it


def keep_what_lives() -> None:
    """The first screen stands: what lives now lives to the end, so spare the collector from looking at it again."""
    gc.freeze()
    gc.enable()


async def _run(launch: Launch) -> int:
    from inbox_tui.tui.inbox.opening import open_inbox

    # A store at the other end of a line is waited for in any case, and loading the screens takes as long as a round
    # trip over a long one.
    opening = asyncio.create_task(open_inbox(launch), name="open")
    await asyncio.wait([opening], timeout=BEGUN_WITHIN)
    from inbox_tui.tui.app import InboxApp
    from inbox_tui.tui.terminal.hangup import HangupHandler

    opened = await opening
    beside = None
    try:
        app = InboxApp(launch, opened, on_first_screen=keep_what_lives)
        threading.excepthook = lambda failed: app.fail_from_thread(failed.exc_value)
        hangup = HangupHandler(launch.journal.flush, lambda code: app.call_later(app.exit, None, code))
        app.on_hangup = hangup.end
        if launch.beside is not None:
            beside = asyncio.ensure_future(launch.beside())
            beside.add_done_callback(
                lambda ended: app.fail_from_thread(None if ended.cancelled() else ended.exception())
            )
        await app.run_async(mouse=launch.settings.mouse)
        if hangup.exit_code is not None:  # whatever else went wrong while everything ended
            hangup.let_go()
            return hangup.exit_code
        if app.failure is not None:
            raise app.failure
        if app.farewell:
            launch.say(app.farewell)
        return app.return_code or 0
    finally:
        launch.journal.flush()
        if beside is not None:
            beside.cancel()
            await asyncio.wait([beside])
        await opened.aclose()
