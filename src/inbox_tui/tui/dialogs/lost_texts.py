"""Texts that were typed for a conversation that cannot be opened: which there are, and each of them whole.

Returns what was chosen; looking for the texts and discarding them is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inbox_tui.domain.models import Kind
from inbox_tui.domain.text import clean_body, clean_line
from inbox_tui.local.journal import Draft
from inbox_tui.tui.dialogs.base import Choice, Dialog
from inbox_tui.tui.presenters.passages import passage

_LONGEST_ID = 24
"""Characters of an id in a list; the text itself is shown with the whole id."""
_WORDS = {Kind.MESSAGE: "reply", Kind.NOTE: "note"}

Wish: TypeAlias = Literal["back", "discard", "open"]


class LostTextsDialog(Dialog[Draft]):
    """The texts, one a line. Returns the one to read; None: nothing."""

    heading = "Texts without a conversation"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "highlight(-1)", "Previous text", id="dialog.previous-text", show=False),
        Binding("down,j", "highlight(1)", "Next text", id="dialog.next-text", show=False),
    ]

    def __init__(self, texts: Sequence[Draft]) -> None:
        super().__init__()
        self._texts = tuple(texts)

    def compose_body(self) -> ComposeResult:
        """A line that says what these are, and the texts."""
        if not self._texts:
            yield Static(Content("There is none: every text that you began has its conversation."))
            return
        yield Static(Content("Their conversation cannot be opened."), classes="muted")
        options = OptionList(*(Option(_line(text)) for text in self._texts), markup=False, compact=True)
        options.can_focus = False  # so that up, down and Enter work wherever the focus is
        yield options

    def choices(self) -> Iterable[Choice]:
        """Read one, or leave them."""
        read = (Choice("Enter", "Read", "accept"),) if self._texts else ()
        return (*read, Choice("Esc", "Close", "cancel"))

    def on_mount(self) -> None:
        """The first is highlighted."""
        super().on_mount()
        if self._texts:
            self.query_one(OptionList).highlighted = 0

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """A click reads the text."""
        event.stop()
        self.close(self._texts[event.option_index])

    async def action_accept(self) -> None:
        """Read the highlighted one."""
        index = self.query_one(OptionList).highlighted if self._texts else None
        self.close(self._texts[index] if index is not None else None)

    def action_highlight(self, steps: int) -> None:
        """Move the highlight, around the end."""
        if self._texts:
            options = self.query_one(OptionList)
            options.highlighted = ((options.highlighted or 0) + steps) % len(self._texts)


class LostTextDialog(Dialog[Wish]):
    """One text, whole. Returns what to do with it; None is as good as "back"."""

    AUTO_FOCUS = ""  # Enter leads back, and no button is pressed by mistake
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "discard", "Discard the text", id="dialog.discard-text", show=False),
        Binding("o", "open", "Open the conversation, if it exists", id="dialog.open-conversation", show=False),
    ]

    def __init__(self, text: Draft) -> None:
        super().__init__()
        self.heading = f"A {_WORDS.get(text.kind, 'text')} without a conversation"
        self._text = text

    def compose_body(self) -> ComposeResult:
        """For whom it was, the text, and how to take it along."""
        yield Static(Content(f"Written for conversation {clean_line(str(self._text.conversation))}:"), classes="muted")
        yield Static(Content(passage(self._text.body, is_mine=True)), classes="quote")
        yield Static(Content("To copy it, select it with Shift and the mouse."), classes="muted")

    def choices(self) -> Iterable[Choice]:
        """The harmless one first."""
        return (
            Choice("Enter", "Back", "accept"),
            Choice("d", "Discard …", "discard"),
            Choice("o", "Open the conversation", "open"),
        )

    async def action_accept(self) -> None:
        """Back to the others."""
        self.close("back")

    def action_discard(self) -> None:
        """Let it be discarded; the caller asks first."""
        self.close("discard")

    def action_open(self) -> None:
        """Look whether the conversation exists after all."""
        self.close("open")


def _line(text: Draft) -> Content:
    id = clean_line(str(text.conversation))
    shown = id if len(id) <= _LONGEST_ID else f"{id[: _LONGEST_ID - 1]}…"
    first = next((line for line in clean_body(text.body).splitlines() if line.strip()), "")
    return Content.assemble((f"{_WORDS.get(text.kind, 'text')} for {shown}: ", "$inbox-muted"), clean_line(first))
