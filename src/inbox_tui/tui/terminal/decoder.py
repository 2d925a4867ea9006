"""What a terminal sends, as the library's events: keys, clicks and pastes, and nothing else.

A key that the library cannot name, an answer to a question nobody asked, a report of a
size or of the focus: none of them becomes an event, so that no byte can crash the program
or be typed as a letter. Knows nothing of screens.

Key sequences: xterm's control sequences, its modifyOtherKeys, and kitty's keyboard
protocol (sw.kovidgoyal.net/kitty/keyboard-protocol).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from textual import events, messages
from textual.keys import Keys
from textual.message import Message

from inbox_tui.domain.characters import is_text
from inbox_tui.tui.terminal.events import (
    Burst,
    KittyKeyboardDetected,
    Pace,
    TerminalReplied,
    TypedCharacter,
    UnconfirmedEnter,
)
from inbox_tui.tui.terminal.lexer import InputLexer, Pasted, Sequence, Text, Token
from inbox_tui.tui.terminal.private import KeyParser

AFTER_PASTE = 0.5
"""Seconds after a paste in which Enter does not count as one that was pressed on purpose."""
TYPED_APART = 0.02
"""Seconds between two keys below which no hand pressed them."""
MIN_PASTE = 32
"""Characters in one piece that only a paste without marks brings.

A quick hand types ten a second, so a line would have to stand still for three seconds to
bring as many of them at once; who types that long without seeing a letter stops.
"""
GOES_ON = 0.1
"""Seconds within which more of a paste without marks follows: terminals and lines cut it into pieces."""

_KEY = re.compile(
    r"\x1b\[(?P<code>\d{0,7})(?::\d{0,7})*"
    r"(?:;(?P<modifiers>\d{0,3})(?::(?P<type>\d?))?)?"
    r"(?:;(?P<text>[\d:]{0,60}))?(?P<end>[u~ABCDEFHPQRS])"
)
_OTHER_KEY = re.compile(r"\x1b\[27;(?P<modifiers>\d{1,3});(?P<code>\d{1,7})~")
"""What xterm's modifyOtherKeys makes of a key; the same in kitty's form is code and modifiers the other way round."""
_MOUSE = re.compile(r"\x1b\[<\d{1,3};\d{1,4};\d{1,4}[Mm]")
_MOTION = 32
_SPEAKS_KITTY = re.compile(r"\x1b\[\?\d{1,3}u")
_DEVICE = re.compile(r"\x1b\[\?[\d;]{0,60}c")
_SYNCHRONIZED = re.compile(r"\x1b\[\?2026;[1-4]\$y")
_RELEASE = "3"
_UNICODE_END = 0x110000
_SURROGATES = range(0xD800, 0xE000)
_C1 = range(0x80, 0xA0)
_MODIFIERS_END = 257
_ALT_ENTER = ("\x1b\r", "\x1b\n")


class InputDecoder:
    """Makes events of bytes. Time is in seconds, as the caller counts them."""

    def __init__(self, encoding: str = "utf-8") -> None:
        """``encoding`` is the terminal's."""
        self._tokens = InputLexer(encoding)
        self._parser = KeyParser()
        self._typed = -AFTER_PASTE
        """When a character last came."""
        self._pasted = -AFTER_PASTE
        """When something last came that was not typed key by key."""
        self._unmarked = -AFTER_PASTE
        """When a piece of a paste without marks last came."""
        self._run = 0
        """Characters that came right behind each other."""
        self.pace = Pace.TYPED
        """How the keys came that were read last."""

    @property
    def waits(self) -> bool:
        """Something was begun that ``tick`` may have to end."""
        return self._tokens.waits

    def feed(self, data: bytes, now: float) -> list[Message]:
        """The events of what came."""
        return self._judged([event for token in self._tokens.feed(data, now) for event in self._events(token)], now)

    def tick(self, now: float) -> list[Message]:
        """The events of what was begun before and has ended because nothing followed."""
        return self._judged([event for token in self._tokens.tick(now) for event in self._events(token)], now)

    def messages(self, found: list[Message]) -> Iterator[Message]:
        """What was found last, with keys that came together in one ``Burst``."""
        if self.pace is Pace.TYPED:
            yield from found
            return
        for are_keys, group in groupby(found, lambda event: isinstance(event, events.Key)):
            if are_keys:
                keys = tuple(event for event in group if isinstance(event, events.Key))
                yield Burst(keys, is_pasted=self.pace is Pace.PASTED)
            else:
                yield from group

    def _judged(self, found: list[Message], now: float) -> list[Message]:
        """The same, with every Enter that nobody may have pressed told apart."""
        letters = sum(isinstance(event, events.Key) and event.is_printable for event in found)
        enters = sum(isinstance(event, events.Key) and event.key == "enter" for event in found)
        is_unmarked = self._judge_pace(found, letters, now)
        is_pasted = is_unmarked or any(isinstance(event, events.Paste) for event in found)
        is_hasty = (
            is_pasted
            or (enters and letters + enters > 1)
            or now - self._typed < TYPED_APART
            or now - self._pasted < AFTER_PASTE
        )
        if any(isinstance(event, events.Key) for event in found):
            self._typed = now
        if is_pasted:
            self._pasted = now
        if not (is_hasty and enters):
            return found
        return [
            UnconfirmedEnter() if isinstance(event, events.Key) and event.key == "enter" else event for event in found
        ]

    def _judge_pace(self, found: list[Message], letters: int, now: float) -> bool:
        """Whether what was found is of a paste without marks. Sets ``pace``."""
        keys = sum(isinstance(event, events.Key) for event in found)
        follows = now - self._typed < TYPED_APART
        self._run = self._run + letters if follows else letters
        is_unmarked = self._run >= MIN_PASTE or (keys > 0 and now - self._unmarked < GOES_ON)
        if is_unmarked:
            self._unmarked = now
            self.pace = Pace.PASTED
        else:
            self.pace = Pace.TOGETHER if keys > 1 or (keys and follows) else Pace.TYPED
        return is_unmarked

    def _events(self, token: Token) -> Iterator[Message]:
        if isinstance(token, Pasted):
            yield events.Paste(token.text)
        elif isinstance(token, Text):
            for character in token.text:
                if ord(character) not in _C1:
                    yield from self._keys(character)
        else:
            yield from self._sequence(token)

    def _sequence(self, token: Sequence) -> Iterator[Message]:
        text = token.text
        if text == "\x1b":
            yield events.Key("escape", "\x1b")
        elif text in _ALT_ENTER:
            yield events.Key("alt+enter", None)
        elif _MOUSE.fullmatch(text):
            event = self._parser.mouse(text)
            if event is not None and not isinstance(event, events.MouseMove):
                yield event
        elif _SYNCHRONIZED.fullmatch(text):
            yield messages.TerminalSupportsSynchronizedOutput()
        elif _SPEAKS_KITTY.fullmatch(text):
            yield KittyKeyboardDetected()
        elif _DEVICE.fullmatch(text):
            yield TerminalReplied()
        elif len(text) == 2 and text[1].isprintable():  # Alt and a character
            yield from self._keys(text[1], alt=True)
        else:
            yield from self._keys(_canonical(text, self._parser))

    def _keys(self, sequence: str, *, alt: bool = False) -> Iterator[Message]:
        for event in self._parser.keys(sequence, alt=alt):
            name = event.key.rpartition("+")[2] or "+"
            if event.key == Keys.Ignore or self._parser.is_modifier(name):
                continue
            if event.character is not None and not event.character.isprintable() and is_text(event.character):
                yield TypedCharacter(f"u_{ord(event.character):04x}", event.character)
            elif name.isprintable():
                yield events.Key(event.key if "alt+" in event.key else f"alt+{event.key}", None) if alt else event


def _canonical(sequence: str, parser: KeyParser) -> str:
    """A key's sequence in a form that the library understands; "" if it means nothing."""
    if other := _OTHER_KEY.fullmatch(sequence):
        sequence = f"\x1b[{other['code']};{other['modifiers']}u"
    key = _KEY.fullmatch(sequence)
    if key is None:
        return sequence if parser.knows(sequence) else ""
    code, modifiers, text = key["code"], key["modifiers"] or "", key["text"] or ""
    has_letter = key["end"] not in "u~"
    if key["type"] == _RELEASE or (code not in ("", "1") if has_letter else not code):
        return ""
    if key["end"] != "u" and not parser.is_functional(f"{code or 1}{key['end']}"):
        return sequence if parser.knows(sequence) else ""
    points = [int(point) for point in (code, *text.split(":")) if point]
    if not all(_is_character(point) for point in points) or int(modifiers or 1) not in range(1, _MODIFIERS_END):
        return ""
    if text and (
        any(point < 0x20 or point == 0x7F or point in _C1 for point in points[1:]) or (":" in text and code != "0")
    ):
        text = ""
    if text or (modifiers and modifiers != "1"):
        return f"\x1b[{code};{modifiers}{';' if text else ''}{text}{key['end']}"
    return f"\x1b[{'' if has_letter else code}{key['end']}"


def _is_character(point: int) -> bool:
    return point < _UNICODE_END and point not in _SURROGATES
