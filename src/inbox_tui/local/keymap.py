"""Which keys do what: the defaults by binding id, and what a configuration makes of them.

The ids are the ones the screens give their bindings; a test holds the two together.
Nothing here reads a key press.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.filter_table import Filter
from inbox_tui.local.settings import nearest

DEFAULT_KEYS = {
    "inbox.down": "j,down",
    "inbox.up": "k,up",
    "inbox.first": "g,home",
    "inbox.last": "G,end",
    "inbox.page-down": "pagedown",
    "inbox.page-up": "pageup",
    **{filter.binding: filter.entry.key for filter in Filter},
    "inbox.open": "enter",
    "inbox.reply": "r",
    "inbox.note": "m",
    "inbox.assign": "a",
    "inbox.take": "i",
    "inbox.resolve": "e",
    "inbox.next-waiting": "n",
    "inbox.next-waiting-any": "N",
    "inbox.search": "slash",
    "inbox.next-hit": "right_square_bracket",
    "inbox.previous-hit": "left_square_bracket",
    "inbox.order": "o",
    "inbox.select": "x",
    "inbox.select-all": "X",
    "inbox.undo": "z",
    "inbox.export": "E",
    "inbox.agent": "A",
    "inbox.settings": "comma",
    "inbox.help": "question_mark",
    "inbox.back": "escape",
    "inbox.quit": "q",
    "inbox.suspend": "ctrl+z",
    "reply.send": "enter",
    "reply.newline": "shift+enter,ctrl+j,alt+enter",
    "reply.send-resolve": "ctrl+r",
    "reply.change-kind": "ctrl+n",
    "reply.undo": "ctrl+z",
    "reply.editor": "ctrl+o",
    "reply.send-anyway": "ctrl+y",
    "reply.leave": "escape",
    "app.commands": "ctrl+p",
    "app.repaint": "ctrl+l",
    "app.quit": "ctrl+q",
}
"""Binding id → its keys, comma-separated, in the names that Textual gives them."""

OFF = "off"
"""Stands in a keymap for the keys of a binding that has none. No terminal sends a key of this name."""
_NAMED_KEYS = (
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"),
    *("backspace", "enter", "tab", "escape", "space"),
    *(f"f{number}" for number in range(1, 25)),
)
_SAME_BYTE = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
"""Keys that a terminal sends as another key's byte."""
_OTHER_WORDS = {
    "c": "ctrl",
    "control": "ctrl",
    "m": "alt",
    "meta": "alt",
    "option": "alt",
    "s": "shift",
    "return": "enter",
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
}
"""What other programs call modifiers and keys."""
_TEXTUAL_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def keymap(changes: Mapping[str, object], file: Path) -> dict[str, str]:
    """The keys that differ from the defaults, by binding id.

    Args:
        changes: The table ``keys`` of the configuration: id → a key or a list of keys, which may be empty.
        file: Where it was read, for messages.

    Raises:
        ConfigError: an unknown id, a key that no terminal sends, or a key used twice.
    """
    changed: dict[str, str] = {}
    for id, keys in _flat(changes).items():
        if id not in DEFAULT_KEYS:
            raise ConfigError(f"{file}: unknown key {'keys.' + id!r}.", hint=nearest(id, list(DEFAULT_KEYS), "binding"))
        given = [keys] if isinstance(keys, str) else keys
        if not isinstance(given, list) or not all(isinstance(key, str) for key in given):
            raise ConfigError(f"{file}: {'keys.' + id!r} must be a key or a list of keys.", hint="[] switches it off.")
        changed[id] = ",".join(_named(key, id, file) for key in given) or OFF
    _refuse_doubles({**DEFAULT_KEYS, **changed}, changed, file)
    return changed


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Ids with their values, whether written as "inbox.reply" or as a table of its own."""
    flat: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _named(key: str, id: str, file: Path) -> str:
    """A key as Textual names it."""
    where = f"{file}: {'keys.' + id!r}"
    full = _full_name(key)
    if not full:
        meant = _meant(key)
        suggestion = f'Did you mean "{meant}"? ' if meant else ""
        raise ConfigError(
            f"{where}: there is no key {key!r}.",
            hint=f'{suggestion}Keys are written like "r", "f2", "ctrl+r" or "pagedown". A capital is written "R".',
        )
    if full in _SAME_BYTE:
        raise ConfigError(
            f"{where}: a terminal cannot tell {key!r} from {_SAME_BYTE[full]!r}.", hint="Choose another key."
        )
    return full


def _full_name(key: str) -> str:
    """A key as Textual names it, modifiers in its order; "" if no terminal sends it."""
    modifiers, base = _split(key)
    name = character_name(base) if len(base) == 1 else base.lower()
    if not name or (len(base) > 1 and name not in _NAMED_KEYS and name not in _punctuation_names()):
        return ""
    if not set(modifiers) <= {"ctrl", "alt", "shift"} or (modifiers == ["shift"] and len(base) == 1):
        return ""
    if "ctrl" in modifiers and base != base.lower() and len(base) == 1:  # a terminal sends the same for both
        return ""
    return "+".join([*sorted(modifiers), name])


def _split(key: str) -> tuple[list[str], str]:
    """A key's modifiers, and what is left of it."""
    base = key[-1:] if key.endswith("+") else key.rpartition("+")[2]
    return key[: len(key) - len(base)].split("+")[:-1], base


def _meant(key: str) -> str:
    """The key that somebody means who writes it as other programs do, like "Ctrl+R" or "Shift+R"; "" if none."""
    modifiers, base = _split(re.sub(r"(?<=\w)-(?=.)", "+", key.strip()))
    modifiers = [_OTHER_WORDS.get(word.lower(), word.lower()) for word in modifiers]
    base = _OTHER_WORDS.get(base.lower(), base.lower()) if len(base) > 1 or "ctrl" in modifiers else base
    if modifiers == ["shift"] and len(base) == 1:
        modifiers, base = [], base.upper()
    meant = "+".join([*modifiers, base])
    return meant if meant != key and _full_name(meant) else ""


def character_name(character: str) -> str:
    """The name of a one-character key; letters and digits name themselves, "" means there is none."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _TEXTUAL_NAMES.get(name, name)


def _punctuation_names() -> frozenset[str]:
    return frozenset(character_name(chr(point)) for point in range(0x21, 0x7F))


def _refuse_doubles(keys: Mapping[str, str], changed: Mapping[str, str], file: Path) -> None:
    """One key must not do two things in the same place."""
    for place in ("inbox.", "reply."):
        used: dict[str, str] = {}
        for id, names in keys.items():
            if not id.startswith((place, "app.")):
                continue
            for name in () if names == OFF else names.split(","):
                other = used.setdefault(name, id)
                if other != id and (id in changed or other in changed):
                    raise ConfigError(
                        f"{file}: the key {name!r} is set for both {other!r} and {id!r}.",
                        hint="Give one of them another key under [keys].",
                    )
