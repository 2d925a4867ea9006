"""Hands the terminal to the member's editor while they write a text."""

from __future__ import annotations

import os

from textual.app import SuspendNotSupported

from inbox_tui.domain.errors import InboxError
from inbox_tui.tui.inbox.context import InboxContext


def edited_outside(context: InboxContext, text: str) -> str | None:
    """The text from the member's editor; None if the editor failed, which the status line then explains."""
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
