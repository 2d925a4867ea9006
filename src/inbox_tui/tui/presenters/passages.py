"""A text as a screen shows it: HTML as its words, cleaned, and with what is left of a long one said.

Cuts only what is shown; the text itself stays whole where it is.
"""

from __future__ import annotations

from inbox_tui.domain.counts import counted
from inbox_tui.domain.models import ConversationId
from inbox_tui.domain.text import Piece, clean_line, clean_piece
from inbox_tui.operations.html_bodies import readable

MAX_HTML = 200_000
"""Characters of HTML that are read as text while somebody waits; a longer message is shown as it came."""


def piece_of(body: str) -> Piece:
    """As much of a message as a screen shows."""
    return clean_piece(readable(body) if len(body) <= MAX_HTML else body)


def what_is_left(piece: Piece, conversation: ConversationId | None = None) -> str:
    """How much more there is, and how to see it if it is in a conversation; "" where nothing is left."""
    if not piece.characters_left:
        return ""
    left = f"… {counted(piece.characters_left, 'more character')} on {counted(piece.lines_left, 'line')}"
    return f"{left}: inbox-tui show {clean_line(conversation)}" if conversation else left


def passage(text: str, conversation: ConversationId | None = None, *, is_mine: bool = False) -> str:
    """A text for a dialog. What the member wrote is shown as typed (``is_mine``)."""
    piece = clean_piece(text) if is_mine else piece_of(text)
    return "\n".join(filter(None, (piece.text.rstrip(), what_is_left(piece, conversation))))
