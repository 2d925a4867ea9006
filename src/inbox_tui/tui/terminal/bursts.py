"""What keys that came all at once may do.

A slow line brings what a quick hand typed ahead in one piece, and a terminal brings a paste
without marks the same way. Nobody has seen what the first key did when the last was sent, so
a field keeps what comes while it has the keys, and outside a field only what a person would
type without looking is acted upon. Decides nothing about what a key does.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.widget import Widget

from inbox_tui.domain.counts import counted
from inbox_tui.tui.terminal.events import Burst

MAX_COMMANDS = 8
"""Keys, a repeated one counted once, that a person types ahead before looking: a few moves and a decision."""
_DECIDE = frozenset(("take", "toggle_status", "undo", "replace", "remove"))
"""Actions after which nobody begins to write without having looked."""
_OPEN = frozenset((
    *("open", "reply", "note", "search", "assign", "export", "agent", "settings", "lost_texts", "assigned"),
    *("help", "command_palette"),
))  # fmt: skip
"""Actions after which the keys go somewhere else."""
_TAKE_BACK = frozenset(("undo", "redo"))
"""Keys of a field that reach further than its text: where nothing is left to undo, what was sent comes back."""
_GO = frozenset(("quit", "leave", "suspend"))
"""Actions after which a shell may have the keys: what comes behind them was not meant for it."""
_MOVE = frozenset(("move", "first", "last", "page"))


def takes_text(widget: Widget | None) -> bool:
    """Whether letters that are typed go into this widget as text."""
    return widget is not None and widget.check_consume_key("a", "a")


async def act_on_burst(app: App[Any], burst: Burst) -> str:
    """Let keys that came together act, as far as they may; returns what to say of the others, or ""."""
    keys = list(burst.keys)
    while keys and not takes_text(app.focused):
        count = _typed_ahead(app, keys, is_pasted=burst.is_pasted)
        if not count:
            return _ignored(keys)
        while count and not takes_text(app.focused):
            await app.on_event(keys.pop(0))
            count -= 1
    if burst.is_pasted:
        if keys:
            await app.on_event(events.Paste("".join(key.character or "" for key in keys)))
        return ""
    before: events.Key | None = None
    while keys:
        if (field := app.focused) is not None and takes_text(field):
            before = keys.pop(0)
            await _to_field(app, field, before, goes_on=bool(keys))
        elif before is not None and before.key == "escape":  # which no text holds: the field was left on purpose
            return await act_on_burst(app, Burst(tuple(keys), is_pasted=False))
        elif _action(app, keys[0]) in _MOVE:  # Enter has left the field
            await app.on_event(keys.pop(0))
        else:
            return _ignored(keys)
    return ""


def _typed_ahead(app: App[Any], keys: list[events.Key], *, is_pasted: bool) -> int:
    """How many keys a person may have typed ahead here, before it must be seen what they did; 0 means a paste."""
    if is_pasted:
        is_held_down = len({key.key for key in keys}) == 1 and _action(app, keys[0]) in _MOVE
        return len(keys) if is_held_down else 0
    before, commands, has_decided = "", 0, False
    for number, key in enumerate(keys, 1):
        action = _action(app, key)
        if not action:
            if key.is_printable:
                return 0
            continue
        commands += key.key != before
        before = key.key
        if commands > MAX_COMMANDS or (action in _GO and number < len(keys)):
            return 0
        if action in _OPEN:
            return 0 if has_decided else number
        has_decided |= action in _DECIDE
    return len(keys)


async def _to_field(app: App[Any], field: Widget, key: events.Key, *, goes_on: bool) -> None:
    """A control character in a text is not the key that it would be alone, unless it edits the field.

    Nor is an Enter in a form, if the text ``goes_on`` behind it: that is a line break of a paste.
    """
    if field.check_consume_key(key.key, key.character):
        await app.on_event(key)
    elif key.key == "tab" or (key.key == "enter" and goes_on and _is_form(app)):
        await app.on_event(events.Key("space", " "))
    elif not key.key.startswith("ctrl+") or _is_of(app, field, key):
        await app.on_event(key)


def _is_form(app: App[Any]) -> bool:
    """Whether Enter keeps or writes something here; in a menu it chooses, which people type ahead."""
    return getattr(app.screen, "is_form", False)


def _is_of(app: App[Any], field: Widget, key: events.Key) -> bool:
    bound, action = app.screen.active_bindings.get(key.key), _action(app, key)
    return bound is not None and (action == "newline" or (bound.node is field and action not in _TAKE_BACK))


def _action(app: App[Any], key: events.Key) -> str:
    """The bare name of what a key does here, or ""."""
    bound = app.screen.active_bindings.get(key.key)
    return bound.binding.action.partition("(")[0].rpartition(".")[2] if bound and bound.enabled else ""


def _ignored(keys: list[events.Key]) -> str:
    if len(keys) == 1:
        return "A key came together with others, like a paste. It was ignored."
    return f"{counted(len(keys), 'key')} came at once, like a paste. They were ignored."
