"""Messages that are written in HTML, as the text that their author saw. What is stored stays as it came."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from inbox_tui.domain.models import PREVIEW_LENGTH
from inbox_tui.domain.names import has_visible

_ELEMENTS = (
    "a|article|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|header|html|i|img|li|ol|p|pre|section|small|span"
    "|strong|style|table|tbody|td|th|tr|u|ul"
)
_BEGINNING = rf"\s*(?:<!--(?:(?!-->).)*-->\s*|<!doctype[^>]*>\s*)*<({_ELEMENTS})(?:\s[^<>]*)?/?>"


# Compiled when a message first looks like HTML: in most workspaces none does.


@cache
def _whole() -> re.Pattern[str]:
    """A body that begins and ends with a tag. One that only mentions tags has words around them."""
    return re.compile(rf"{_BEGINNING}.*</?[a-z][a-z0-9]*\s*/?>\s*", re.DOTALL | re.IGNORECASE)


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(_BEGINNING, re.DOTALL | re.IGNORECASE)


@cache
def _tags() -> re.Pattern[str]:
    """Tags and what nobody sees between them; the last of them may be cut off."""
    return re.compile(
        r"<!--.*?(?:-->|$)|<(style|script|head|title)\b.*?(?:</\1\s*>|$)|</?[a-z!][^<>]*(?:>|$)",
        re.DOTALL | re.IGNORECASE,
    )


def is_html(body: str) -> bool:
    """Whether a message is HTML as a whole: an element that is closed, from its beginning to its end."""
    if not body.lstrip().startswith("<") or not body.rstrip().endswith(">"):
        return False
    found = _whole().fullmatch(body)
    return found is not None and f"</{found[1].lower()}" in body.lower()


def readable(body: str) -> str:
    """The text of a message in HTML, links with their addresses; any other message as it is."""
    return _converted(body) if is_html(body) else body


def readable_preview(line: str) -> str:
    """The words in the beginning of a message in HTML (``rules.preview``); any other line as it is.

    The end of the message is not known, so one that begins with an element and goes on beyond the line counts as HTML.
    """
    if not line.startswith("<"):
        return line
    is_cut = len(line) >= PREVIEW_LENGTH
    if not (_opening().match(line) if is_cut else is_html(line)):
        return line
    from html import unescape  # its table is large, and few rows need it

    words = " ".join(unescape(_tags().sub(" ", line)).split())
    return words if has_visible(words) else line


@lru_cache(maxsize=64)
def _converted(body: str) -> str:
    """The text; the body itself where there is none to see, or it is nested too deeply to be read."""
    from inscriptis import get_text  # 0.1 s that only a workspace with such messages pays
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig
    from lxml.etree import LxmlError

    config = ParserConfig(css=CSS_PROFILES["strict"], display_links=True)
    try:
        text = get_text(body, config)
    except (LxmlError, RecursionError, ValueError):
        return body
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")
    return text if has_visible(text) else body
