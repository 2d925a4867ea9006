"""How a cell looks, and the bytes that make a terminal draw so.

A look is what of the library's style a terminal can show; a link is never part of it. The
codes are ECMA-48's SGR.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style

_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("reverse", "7"),
    ("strike", "9"),
)
_SEEN_ON_BLANKS = {"4", "7", "9"}
"""Attributes that show where there is no character."""


class CellStyle(NamedTuple):
    """Attributes and colours as SGR codes; "" is the terminal's own colour."""

    attributes: tuple[str, ...] = ()
    foreground: str = ""
    background: str = ""

    @property
    def shows_on_blanks(self) -> bool:
        """More than the background is seen where there is no character."""
        return not _SEEN_ON_BLANKS.isdisjoint(self.attributes)

    @property
    def blank(self) -> CellStyle:
        """The look of a blank: the same to the eye, with as little said as possible."""
        return self if self.shows_on_blanks else _interned((), "", self.background)


PLAIN = CellStyle()


@cache
def _interned(attributes: tuple[str, ...], foreground: str, background: str) -> CellStyle:
    return CellStyle(attributes, foreground, background)


@lru_cache(maxsize=4096)
def style_of(style: Style | None, system: ColorSystem | None) -> CellStyle:
    """What of a style a terminal with these colours shows."""
    if style is None or system is None:
        style = style or Style()
    attributes = tuple(code for name, code in _ATTRIBUTES if getattr(style, name))
    foreground = background = ""
    if system is not None:
        if style.color is not None:
            foreground = ";".join(style.color.downgrade(system).get_ansi_codes(foreground=True))
        if style.bgcolor is not None:
            background = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    return _interned(attributes, "" if foreground == "39" else foreground, "" if background == "49" else background)


@lru_cache(maxsize=16_384)
def change(before: CellStyle | None, after: CellStyle) -> str:
    """The shortest sequence that leads from one look to another; None is one that is not known."""
    if before == after:
        return ""
    whole = _sgr("0", *after.attributes, after.foreground, after.background)
    if before is None or not set(before.attributes) <= set(after.attributes):
        return whole
    parts = [code for code in after.attributes if code not in before.attributes]
    if after.foreground != before.foreground:
        parts.append(after.foreground or "39")
    if after.background != before.background:
        parts.append(after.background or "49")
    part = _sgr(*parts)
    return part if len(part) < len(whole) else whole


def _sgr(*codes: str) -> str:
    return f"\x1b[{';'.join(code for code in codes if code)}m"
