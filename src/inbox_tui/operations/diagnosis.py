"""What is found when somebody asks why something does not work, and how each thing is mended.

Judges facts that others gathered: pure functions from them to findings. It must not ask a
terminal, open a file or print, and nothing here may hold a secret or a word of a message.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from inbox_tui.domain.text import clean, clean_line
from inbox_tui.local.terminal_probe import CANNOT_DRAW, Answer

MIN_COLUMNS, MIN_LINES = 40, 10
"""What the screens need; a test holds them to this."""
SLOW_CONNECTION = 0.25
"""Seconds for an answer of the terminal from which on a line is slow."""

_NEEDS_TELLING_APART = ("shift+enter", "ctrl+enter", "super+enter", "ctrl+shift+enter")
_EXTENDED_KEYS = "set -s extended-keys on"


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    WRONG = "wrong"
    NOTE = "note"
    """Neither: it does not apply here, cannot be known, or is a limit that nothing mends."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. All texts may be printed."""

    part: str
    """``terminal``, ``multiplexer``, ``files``, ``store`` or ``keyring``."""
    what: str
    state: State
    value: str
    mend: str = ""
    """What to do about it."""


class Environment(msgspec.Struct, frozen=True):
    """What is known of where the program runs."""

    environ: Mapping[str, str]
    answer: Answer
    streams: Mapping[str, bool]
    """Standard stream by name → it is a terminal."""
    encoding: str
    """Of what is written to the screen."""
    newline_keys: Sequence[str]
    """The keys that are set to make a new line."""
    is_slow: bool = False
    """The setting ``slow`` is on."""
    extended_keys: str = ""
    """tmux' option ``extended-keys``; "" if it is not known."""


def multiplexer(environ: Mapping[str, str], name: str) -> str:
    """``tmux``, ``screen`` or "".

    Args:
        environ: TMUX, STY and TERM are looked at.
        name: What the terminal calls itself. It decides: variables outlive the session that set them,
            and do not travel over ssh.
    """
    if name:
        return "tmux" if name.startswith("tmux") else ""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    return "screen" if environ.get("STY") or term.split("-")[0].split(".")[0] == "screen" else ""


def colours(environ: Mapping[str, str]) -> str:
    """``truecolor``, ``256``, ``16`` or ``none``, as the screens will draw."""
    if "NO_COLOR" in environ or environ.get("TERM", "") in CANNOT_DRAW:
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if environ.get("TERM", "").strip().lower().rpartition("-")[2] in ("256color", "kitty") else "16"


def tells_shift_enter(around: Environment) -> bool | None:
    """Shift+Enter is another key than Enter here; None if that depends on what cannot be asked."""
    if around.answer.speaks_kitty or around.answer.name.startswith("XTerm("):
        return True
    if multiplexer(around.environ, around.answer.name) == "tmux" and around.extended_keys in ("", "on", "always"):
        return None
    return False


def newline_keys(around: Environment) -> list[str]:
    """Those of the keys for a new line that arrive here, as far as that can be known."""
    lost = () if tells_shift_enter(around) else _NEEDS_TELLING_APART
    if around.answer.name.startswith("XTerm("):
        lost = (*lost, "alt+enter")  # xterm fills the screen with it
    return [key for key in around.newline_keys if key not in lost]


def locale_name(environ: Mapping[str, str]) -> str:
    """The locale that counts for characters."""
    return next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")


def is_utf8(encoding: str) -> bool:
    """The encoding has every character."""
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError:
        return False


def of_terminal(around: Environment) -> list[Finding]:
    """What there is to say of the terminal."""
    if not around.answer.is_there:
        words = "none here; the commands work without one, the inbox needs one"
        return [_found("terminal", "terminal", State.NOTE, words), _encoding(around)]
    found = [_streams(around), _term(around.environ), _size(around.answer), _encoding(around), _colours(around)]
    if around.answer.not_asked:
        return [*found, _found("terminal", "answers", State.NOTE, f"not asked: {around.answer.not_asked}")]
    return [*found, _name(around), _shift_enter(around), _newline(around), _round_trip(around)]


def of_multiplexer(around: Environment) -> list[Finding]:
    """What stands between the program and the terminal."""
    name = around.answer.name
    kind = multiplexer(around.environ, name)
    if kind == "tmux":
        words = clean_line(name) or "tmux"
        if around.extended_keys in ("on", "always"):
            return [_found("multiplexer", "tmux", State.OK, f"{words}, extended-keys {around.extended_keys}")]
        is_off = bool(around.extended_keys)
        swallowed = "it swallows shift+enter and ctrl+enter"
        return [
            _found(
                "multiplexer",
                "tmux",
                State.WRONG if is_off else State.NOTE,
                f"{words}: {swallowed}" if is_off else f"{words}: {swallowed} unless extended-keys is on",
                f"write into ~/.tmux.conf: {_EXTENDED_KEYS} (then: tmux source ~/.tmux.conf); until then ctrl+j",
            )
        ]
    if kind == "screen":
        words = "GNU screen: it swallows shift+enter and ctrl+enter, and colours beyond 256"
        return [_found("multiplexer", "screen", State.NOTE, words, "nothing in its configuration helps: use ctrl+j")]
    return [_found("multiplexer", "multiplexer", State.OK, "none")]


def _found(part: str, what: str, state: State, value: str, mend: str = "") -> Finding:
    return Finding(part, what, state, clean(value), clean(mend))


def _streams(around: Environment) -> Finding:
    others = [name for name, is_terminal in around.streams.items() if not is_terminal]
    if others:
        words = f"yes, but not here: {', '.join(others)}; the inbox needs all three"
        return _found("terminal", "terminal", State.NOTE, words)
    return _found("terminal", "terminal", State.OK, "yes")


def _term(environ: Mapping[str, str]) -> Finding:
    term = clean_line(environ.get("TERM", ""))
    if environ.get("TERM", "") in CANNOT_DRAW:
        words = f"{term or 'not set'}: this names no terminal to draw on"
        return _found("terminal", "TERM", State.WRONG, words, "export TERM=xterm-256color, if it can draw after all")
    return _found("terminal", "TERM", State.OK, term)


def _size(answer: Answer) -> Finding:
    needed = f"{MIN_COLUMNS}x{MIN_LINES}"
    if not answer.columns or not answer.lines:
        words = f"the terminal does not tell; {needed} is needed"
        return _found("terminal", "size", State.NOTE, words, "stty columns 80 rows 24, with the real numbers")
    size = f"{answer.columns}x{answer.lines}"
    if answer.columns < MIN_COLUMNS or answer.lines < MIN_LINES:
        return _found("terminal", "size", State.WRONG, f"{size}; {needed} is needed", "make the window larger")
    return _found("terminal", "size", State.OK, f"{size} ({needed} is needed)")


def _encoding(around: Environment) -> Finding:
    locale = clean_line(locale_name(around.environ)) or "not set"
    words = f"{clean_line(around.encoding)}, locale {locale}"
    if is_utf8(around.encoding):
        return _found("terminal", "encoding", State.OK, words)
    return _found(
        "terminal",
        "encoding",
        State.WRONG,
        f"{words}: frames, marks such as ● and ✓, and many letters show as ?",
        "export LC_ALL=C.UTF-8, or another of those that locale -a lists with UTF-8",
    )


def _colours(around: Environment) -> Finding:
    depth = colours(around.environ)
    said = [name for name in ("NO_COLOR", "COLORTERM") if name in around.environ] or ["TERM"]
    words = {"truecolor": "truecolor", "256": "256", "16": "16", "none": "none; marks stand for them"}[depth]
    has_more = depth == "16" and around.answer.name  # who names itself has more than sixteen
    mend = "for more: export TERM=xterm-256color, if the terminal has them" if has_more else ""
    return _found("terminal", "colours", State.OK, f"{words} (by {said[0]})", mend)


def _name(around: Environment) -> Finding:
    if around.answer.name:
        return _found("terminal", "name", State.OK, clean_line(around.answer.name))
    told = " ".join(around.environ.get(name, "") for name in ("TERM_PROGRAM", "TERM_PROGRAM_VERSION"))
    words = f"{clean_line(told)} (by TERM_PROGRAM)" if told.strip() else "the terminal does not tell"
    return _found("terminal", "name", State.NOTE, words)


def _shift_enter(around: Environment) -> Finding:
    tells = tells_shift_enter(around)
    if tells:
        how = "kitty's protocol" if around.answer.speaks_kitty else "xterm's modifyOtherKeys"
        return _found("terminal", "shift+enter", State.OK, f"can be told from enter ({how})")
    words = "cannot be told from enter, and sends" if tells is False else "depends on the terminal outside tmux"
    return _found("terminal", "shift+enter", State.NOTE, words)


def _newline(around: Environment) -> Finding:
    keys = newline_keys(around)
    words = ", ".join(map(clean_line, keys))
    if keys:
        return _found("terminal", "new line", State.OK, f"{words}, or \\ and enter")
    mend = 'add one that always arrives to the configuration: "reply.newline" = ["ctrl+j"] under [keys]'
    return _found("terminal", "new line", State.WRONG, "no key that is set for it arrives; only \\ and enter", mend)


def _round_trip(around: Environment) -> Finding:
    seconds = around.answer.round_trip
    if seconds is None:
        mend = "" if around.is_slow else "if keys show late: inbox-tui --slow"
        return _found("terminal", "round trip", State.NOTE, "the terminal did not answer in time", mend)
    words = f"{seconds * 1000:.0f} ms"
    if seconds <= SLOW_CONNECTION:
        return _found("terminal", "round trip", State.OK, words)
    if around.is_slow:
        return _found("terminal", "round trip", State.OK, f"{words}; the setting slow is on")
    return _found("terminal", "round trip", State.WRONG, f"{words}: a slow line", "inbox-tui --slow sends less over it")
