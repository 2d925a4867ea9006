"""Lets the member's own editor have the terminal while a text is written."""

from __future__ import annotations

import os

from textual.app import SuspendNotSupported

from inbox_tui.domain.errors import InboxError
from inbox_tui.tui.inbox.context import InboxContext


def edited_outside(context: InboxContext, text: str) -> str | None:
    """The text as the member leaves it in their editor; None, with the reason said, where that did not work."""
    from inbox_tui.tui.terminal.external_editor import edit_text

    problem: InboxError | None = None
    try:
        with context.screen.app.suspend():
            try:
                text = edit_text(text, os.environ)
            except InboxError as error:  # must not leave the block, or the library never resumes
                problem = error
    except SuspendNotSupported as error:
        context.status.say(str(error), is_problem=True)
        return None
    if problem is not None:
        context.status.say(f"{problem.message} {problem.hint}", is_problem=True)
        context.focus_box()
        return None
    return text
