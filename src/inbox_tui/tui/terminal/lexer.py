"""What a terminal sends, cut into whole pieces: text, key sequences, pastes.

Works on bytes, split anywhere, and on nothing else: it knows where a piece begins and
ends, not what it means. Whatever stands between the two marks of a paste is the paste's
text, escape sequences and a forged end included, and never comes out as anything else.

The forms are those of ECMA-48 (control sequences, control strings) and of xterm's
bracketed paste.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

ESCAPE_WAIT = 0.1
"""Seconds after which an ESC that nothing followed is the Escape key."""
PASTE_QUIET = 0.1
"""Seconds without a byte after which the end of a paste is believed: a forged one is followed by the real one."""
PASTE_WAIT = 2.0
"""Seconds without a byte after which a paste that has no end is over, and so is a control string."""
PASTE_LIMIT = 1_000_000
"""Bytes of a paste that are kept."""
SEQUENCE_LIMIT = 128
"""Bytes of a sequence that may still mean something."""

_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_STRINGS = b"]P_^X"
"""What follows ESC at the beginning of a control string: OSC, DCS, APC, PM, SOS."""
_CONTROL_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_BEGUN_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*")
_STRING_END = re.compile(rb"\x07|\x1b\\|(?=\x1b)")
_ASCII_END = 0x80
_CONSOLE_KEY = b"\x1b[["
"""What Linux' console sends of F1 to F5, one letter more."""
_OLD_MOUSE = b"\x1b[M"
_OLD_MOUSE_SIZE = 6
_TEXT = re.compile(rb"[^\x1b]+")


@dataclass(frozen=True)
class Text:
    """Characters, control characters among them, without bytes that are none in the terminal's encoding."""

    text: str


@dataclass(frozen=True)
class Sequence:
    """A whole escape sequence, ASCII."""

    text: str


@dataclass(frozen=True)
class Pasted:
    """The whole text of a paste, as it came."""

    text: str


Token: TypeAlias = Text | Sequence | Pasted


class _State(Enum):
    KEYS = auto()
    STRING = auto()
    """In a control string, of which nothing is kept."""
    PASTE = auto()
    PASTE_END = auto()
    """An end was seen; it counts unless another follows."""


class InputLexer:
    """Cuts what it is fed. Time is whatever rises: seconds as the caller counts them."""

    def __init__(self, encoding: str = "utf-8") -> None:
        """``encoding`` is the terminal's; bytes that are not of it are dropped."""
        self._state = _State.KEYS
        self._rest = b""
        """What was begun and is not whole."""
        self._paste = bytearray()
        self._heard = 0.0
        self._ended = 0.0
        """When the first end of the paste was seen."""
        self._encoding = encoding
        self._decoder = getincrementaldecoder(encoding)(errors="ignore")  # a U+FFFD that is typed is text

    @property
    def waits(self) -> bool:
        """Something was begun that ``tick`` may have to end."""
        return bool(self._rest) or self._state is not _State.KEYS

    def feed(self, data: bytes, now: float) -> Iterator[Token]:
        """The pieces that are whole by now."""
        self._heard = now
        self._rest += data
        while self._rest:
            before = (self._state, len(self._rest))
            yield from self._step()
            if (self._state, len(self._rest)) == before:
                return

    def tick(self, now: float) -> Iterator[Token]:
        """The pieces that are whole because nothing followed them."""
        silence = now - self._heard
        if self._state is _State.PASTE_END and (silence >= PASTE_QUIET or now - self._ended >= PASTE_WAIT):
            yield self._end_paste()
            yield from self.feed(b"", self._heard)
        elif self._state is _State.PASTE and silence >= PASTE_WAIT:
            self._paste += self._rest
            self._rest = b""
            yield self._end_paste()
        elif self._state is _State.STRING and silence >= PASTE_WAIT:
            self._state, self._rest = _State.KEYS, b""
        elif self._state is _State.KEYS and self._rest and silence >= ESCAPE_WAIT:
            rest, self._rest = self._rest, b""
            if len(rest) == 1 or (len(rest) == 2 and rest[1] in b"[O" + _STRINGS):
                yield Sequence(rest.decode("ascii"))  # the Escape key, or Alt and a character that begins sequences

    def _step(self) -> Iterator[Token]:
        if self._state is _State.KEYS:
            yield from self._key()
        elif self._state is _State.STRING:
            self._string()
        else:
            self._pasted()

    def _key(self) -> Iterator[Token]:
        rest = self._rest
        if text := _TEXT.match(rest):
            self._rest = rest[text.end() :]
            if decoded := self._decoder.decode(text[0], final=bool(self._rest)):
                yield Text(decoded)
            return
        if len(rest) == 1:
            return
        if rest[1:2] == b"\x1b":
            self._rest = rest[1:]
            yield Sequence("\x1b")
        elif rest[1] in _STRINGS:
            if len(rest) > 2:
                self._state, self._rest = _State.STRING, rest[2:]
        elif rest[1:2] == b"[":
            yield from self._control_sequence()
        elif rest[1:2] == b"O":
            if len(rest) > 2:
                yield from self._take(3)
        elif rest[1] < _ASCII_END:
            yield from self._take(2)
        else:
            self._rest = rest[1:]  # Alt and a letter that is not ASCII is the letter

    def _control_sequence(self) -> Iterator[Token]:
        rest = self._rest
        whole = _CONTROL_SEQUENCE.match(rest)
        if whole is None:
            begun = _BEGUN_SEQUENCE.match(rest)
            assert begun is not None
            if begun.end() < len(rest):  # a byte that no sequence holds: what was begun means nothing
                self._rest = rest[begun.end() :]
            elif len(rest) > SEQUENCE_LIMIT:
                self._rest = b"\x1b[?>"  # goes on, and means nothing
            return
        if whole[0] == _CONSOLE_KEY:
            if len(rest) > len(_CONSOLE_KEY):
                yield from self._take(len(_CONSOLE_KEY) + 1)
        elif whole[0] == _OLD_MOUSE:
            if len(rest) >= _OLD_MOUSE_SIZE:
                self._rest = rest[_OLD_MOUSE_SIZE:]
        elif whole[0] == _PASTE_BEGIN:
            self._state, self._rest = _State.PASTE, rest[whole.end() :]
        elif whole.end() > SEQUENCE_LIMIT:
            self._rest = rest[whole.end() :]
        else:
            yield from self._take(whole.end())

    def _take(self, size: int) -> Iterator[Token]:
        piece, self._rest = self._rest[:size], self._rest[size:]
        yield Sequence(piece.decode("latin-1"))

    def _string(self) -> None:
        end = _STRING_END.search(self._rest)
        if end is None:
            self._rest = b""
        elif end[0]:
            self._state, self._rest = _State.KEYS, self._rest[end.end() :]
        elif len(self._rest) > end.end() + 1:  # an ESC that ends no string begins something else
            self._state, self._rest = _State.KEYS, self._rest[end.start() :]
        else:
            self._rest = self._rest[end.start() :]

    def _pasted(self) -> None:
        end = self._rest.find(_PASTE_END)
        if end >= 0:
            self._keep(self._rest[:end])
            if self._state is _State.PASTE:
                self._state, self._ended = _State.PASTE_END, self._heard
            self._rest = self._rest[end + len(_PASTE_END) :]
            return
        if self._state is _State.PASTE_END:
            return  # keys, or more of the paste: what comes next will tell
        held = next(size for size in range(len(_PASTE_END) - 1, -1, -1) if self._rest.endswith(_PASTE_END[:size]))
        self._keep(self._rest[: len(self._rest) - held])
        self._rest = self._rest[len(self._rest) - held :]

    def _keep(self, data: bytes) -> None:
        self._paste += data[: max(0, PASTE_LIMIT - len(self._paste))]

    def _end_paste(self) -> Pasted:
        text = bytes(self._paste).replace(_PASTE_BEGIN, b"").decode(self._encoding, "replace")
        self._paste.clear()
        self._state = _State.KEYS
        return Pasted(text)
