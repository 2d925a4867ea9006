"""Keys as people read them, and which of them are worth naming where.

The keys come from the defaults and the configuration; no widget writes one down.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from textual.keys import format_key

from inbox_tui.local.keymap import DEFAULT_KEYS, OFF

Hint = tuple[str, str]
"""A key and what it does."""

_WORDS = MappingProxyType({"enter": "enter", "escape": "esc"})
_NOT_EVERYWHERE = ("shift+enter", "alt+enter")
"""Keys that some terminals cannot send."""

LIST_HINTS = (
    ("inbox.reply", "reply"),
    ("inbox.assign", "assign"),
    ("inbox.take", "take"),
    ("inbox.resolve", "resolve"),
    ("inbox.next-waiting", "next waiting"),
    ("inbox.search", "search"),
    ("inbox.undo", "undo"),
    ("app.commands", "commands"),
    ("inbox.help", "help"),
)
"""Binding id and words, most used first; help stands last."""
SELECTION_HINTS = (
    ("inbox.assign", "assign"),
    ("inbox.resolve", "resolve / reopen"),
    ("inbox.select-all", "all that match"),
    ("inbox.back", "clear"),
    ("inbox.help", "help"),
)
"""What can be done with a selection."""
WRITING_HINTS = (
    ("reply.send", "send"),
    ("reply.send-resolve", "send and resolve"),
    ("reply.change-kind", "note or reply"),
    ("reply.editor", "$EDITOR"),
    ("reply.leave", "back"),
)
"""What matters in the reply box, where letters are text; the way out stands last."""
NOTE_HINTS = (("reply.send", "write"), ("reply.send-resolve", "write and resolve"), *WRITING_HINTS[2:])
"""The same where the box holds a note, which is sent to nobody."""
SEARCH_HINTS: tuple[Hint, ...] = (("enter", "to the list"), ("esc", "clear the search"))
"""What matters in the search field, whose keys cannot be changed."""


def key_shown(key: str) -> str:
    """A key as people read it: "ctrl+p", "/", "esc"."""
    *modifiers, base = key.split("+")
    return "+".join([*modifiers, _WORDS.get(base) or format_key(base)])


class KeyNames:
    """The keys in force by binding id, one for each, as people read them."""

    def __init__(self, changed: Mapping[str, str]) -> None:
        """``changed`` holds the keys that differ from the defaults."""
        self._keys = {**DEFAULT_KEYS, **changed}
        self.tells_shift_enter = False
        """The terminal sends every key as another one."""

    def __getitem__(self, id: str) -> str:
        """The first key that this terminal can send; where it is switched off, that of the list of commands."""
        if self._keys[id] == OFF and id != "app.commands":
            return self["app.commands"]
        keys = self._keys[id].split(",")
        sure = [key for key in keys if self.tells_shift_enter or key not in _NOT_EVERYWHERE]
        return key_shown(sure[0] if sure else keys[0])

    def hints(self, wanted: tuple[tuple[str, str], ...]) -> tuple[Hint, ...]:
        """Binding ids and words as keys and words."""
        return tuple((self[id], words) for id, words in wanted if self._keys[id] != OFF)
