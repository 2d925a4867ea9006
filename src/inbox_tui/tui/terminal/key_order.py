"""Keys in the order in which they were typed, however many arrive at once.

A slow line brings ``r`` and the words behind it in one piece. The library hands each key
to whatever has the focus at that moment and runs its binding later, so that the words
would run as commands of the list. Here a key acts, and what it asks for is open, before
the next one is looked at. Decides nothing about what a key does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen

from inbox_tui.tui.terminal.bursts import takes_text
from inbox_tui.tui.terminal.events import UnconfirmedEnter
from inbox_tui.tui.terminal.private import PrivateApp

TIMEOUT = 1.0
"""Seconds after which a part of the screen that is too busy no longer holds the keys up."""
_ROUNDS = 8
"""Times that a part may send itself something further."""
_LEAVES_TEXT_ALONE = frozenset(("help_quit", "copy_text", "repaint"))
"""What the application may do while a field has the keys: nothing that takes them away from it."""


async def run_binding_now(app: PrivateApp, event: events.Key) -> bool:
    """Run what a key is bound to, and all that follows at once; False if it is for the focused widget to handle."""
    focused = app.focused
    if focused is not None and focused.check_consume_key(event.key, event.character):
        return False  # a letter in a text waits in line behind those before it
    if isinstance(event, UnconfirmedEnter) and getattr(focused, "knows_unconfirmed_enter", False):
        return False  # so does a line break
    await _settled(app, focused)
    if not await app.run_binding(event.key):
        return False
    await _settled(app, focused)
    return True


def belongs_elsewhere(app: App[Any], event: events.Key) -> bool:
    """Whether a control character would do something outside the field, or the dialog, that has the keys."""
    if not takes_text(app.focused) or not (event.key.startswith("ctrl+") or event.key in ("tab", "shift+tab")):
        return False
    bound = app.screen.active_bindings.get(event.key)
    if bound is None or bound.binding.action.rpartition(".")[2] in _LEAVES_TEXT_ALONE:
        return False
    return bound.node is app or (isinstance(bound.node, Screen) and not bound.node.is_modal)


async def _settled(app: App[Any], node: DOMNode | None) -> None:
    """Wait until a node and those above it have dealt with everything, and a screen that was opened is there."""
    for pump in node.ancestors_with_self if node is not None else [app.screen]:
        if pump is not app:  # the keys wait in the application's own queue
            await _idle(pump)
    await _idle(app.screen)


async def _idle(pump: MessagePump) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            for _ in range(_ROUNDS):
                reached = asyncio.Event()
                if not pump.post_message(events.Callback(callback=reached.set)):
                    return
                await reached.wait()
                if not pump.message_queue_size:
                    return
    except TimeoutError:
        return
