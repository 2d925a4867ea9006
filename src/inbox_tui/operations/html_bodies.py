"""Messages that are written in HTML, as the text that their author saw. What is stored stays as it came."""

from __future__ import annotations

import re
from functools import lru_cache

from inbox_tui.domain.names import has_visible

_ELEMENTS = (
    "a|article|b|blockquote|body|br|center|code|div|em|font|h[1-6]|head|header|html|i|img|li|ol|p|pre|section|small|span"
    "|strong|style|table|tbody|td|th|tr|u|ul"
)
_WHOLE = re.compile(
    rf"\s*(?:<!--(?:(?!-->).)*-->\s*|<!doctype[^>]*>\s*)*<({_ELEMENTS})(?:\s[^<>]*)?/?>.*</?[a-z][a-z0-9]*\s*/?>\s*",
    re.DOTALL | re.IGNORECASE,
)
"""A body that begins and ends with a tag. One that only mentions tags has words around them."""


def is_html(body: str) -> bool:
    """Whether a message is HTML as a whole: an element that is closed, from its beginning to its end."""
    if not body.lstrip().startswith("<") or not body.rstrip().endswith(">"):
        return False
    found = _WHOLE.fullmatch(body)
    return found is not None and f"</{found[1].lower()}" in body.lower()


def readable(body: str) -> str:
    """The text of a message in HTML, links with their addresses; any other message as it is."""
    return _converted(body) if is_html(body) else body


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
