"""The menu that hangs from the Assign button: who gets the conversation.

Nobody stands first, the member second, then everybody else who may chat. Decides
nothing: it closes with a choice, or with None when it was left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from inbox_tui.domain.models import Member
from inbox_tui.domain.text import clean, clean_name, folded
from inbox_tui.tui.presenters.badges import NOBODY, badge_segment
from inbox_tui.tui.widgets.line_field import LineField

MAX_ROWS = 12
"""Members that are visible at once; the rest is scrolled to or typed for."""
MIN_WIDTH = 30
MAX_WIDTH = 64
EMAIL_LIMIT = 254
_FRAME = 3
"""Lines that the border and the input take."""


@dataclass(frozen=True)
class AssignChoice:
    """Who gets it; None means nobody."""

    member: Member | None


class NarrowInput(LineField):
    """What narrows the list. Up, down and Enter are the menu's."""

    def __init__(self) -> None:
        super().__init__(placeholder="type to narrow", select_on_focus=False, compact=True)
        self.cursor_blink = False


class AssignDialog(ModalScreen[AssignChoice | None]):
    """A dropdown over the inbox, below the region that it is given."""

    DEFAULT_CSS = """
    AssignDialog { background: transparent; align: left top; }
    AssignDialog #menu { border: round $inbox-rule; background: $panel; height: auto; }
    AssignDialog NarrowInput { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    AssignDialog OptionList {
        height: auto; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    AssignDialog OptionList:focus { border: none; }
    AssignDialog OptionList > .option-list--option { padding: 0 1; }
    AssignDialog OptionList > .option-list--option-highlighted {
        color: $foreground; background: $inbox-cursor; text-style: bold underline;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", id="assign.up", show=False),
        Binding("down", "move(1)", "Down", id="assign.down", show=False),
        Binding("pageup", f"move({-MAX_ROWS + 1})", "Page up", id="assign.page-up", show=False),
        Binding("pagedown", f"move({MAX_ROWS - 1})", "Page down", id="assign.page-down", show=False),
        Binding("escape", "leave", "Leave it as it is", id="assign.leave", show=False),
    ]

    def __init__(
        self, members: Sequence[Member], me: Member, current: Member | None, *, anchor: Region | None = None
    ) -> None:
        """``current`` is who has it now; ``anchor`` the button's place on the screen."""
        super().__init__()
        others = [member for member in members if member.may_chat and member.id != me.id]
        mine = [me] if me.may_chat else []
        self._me = me
        self._current = current
        self._anchor = anchor or Region(0, 0, 0, 0)
        self._choices = [AssignChoice(None), *(AssignChoice(member) for member in (*mine, *others))]
        self._shown = self._choices

    def compose(self) -> ComposeResult:
        """The input, and below it the list."""
        with Vertical(id="menu"):
            yield NarrowInput()
            options = OptionList(*self._options(), markup=False, compact=True)
            options.can_focus = False
            yield options

    def on_mount(self) -> None:
        """Hang below the button, and be ready for letters."""
        self._place()
        self.query_one(OptionList).highlighted = 0
        self.set_focus(self.query_one(NarrowInput))

    def on_resize(self, event: events.Resize) -> None:
        """Stay on the screen."""
        self._place()

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show those whose name or e-mail address holds what was typed."""
        event.stop()
        wanted = folded(event.value.strip())
        self._shown = [choice for choice in self._choices if wanted in folded(self._searched(choice))]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = 0 if self._shown else None

    @on(Input.Submitted)
    def pick_highlighted(self, event: Input.Submitted) -> None:
        """Enter picks what is highlighted."""
        event.stop()
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._close(self._shown[highlighted])

    @on(OptionList.OptionSelected)
    def pick_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click picks as well."""
        event.stop()
        self._close(self._shown[event.option_index])

    def on_click(self, event: events.Click) -> None:
        """A click beside the menu leaves it."""
        if event.widget is self:
            self._close(None)

    def action_move(self, step: int) -> None:
        """Highlight another, so many rows away; the ends are the ends."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            options.highlighted = max(0, min(options.highlighted + step, len(self._shown) - 1))

    def action_leave(self) -> None:
        """Choose nothing."""
        self._close(None)

    def _close(self, choice: AssignChoice | None) -> None:
        # A second key in the same breath must not close what is below.
        if self.is_current:
            self.dismiss(choice)

    def _options(self) -> list[Option]:
        return [Option(self._prompt(choice)) for choice in self._shown]

    def _prompt(self, choice: AssignChoice) -> Content:
        member = choice.member
        has_it = (member.id if member else None) == (self._current.id if self._current else None)
        mark = ("✓ ", "bold $success") if has_it else ("  ", "")
        if member is None:
            return Content.assemble(mark, (NOBODY, "bold"), "   Unassigned")
        badge = badge_segment(member)
        space = " " * max(1, 5 - cell_len(badge[0]))
        name = f"You · {clean_name(member.label)}" if member.id == self._me.id else clean_name(member.label)
        email = f"  {clean(member.email, limit=EMAIL_LIMIT)}" if member.name else ""
        return Content.assemble(mark, badge, space, name, (email, "$inbox-muted"))

    def _searched(self, choice: AssignChoice) -> str:
        member = choice.member
        if member is None:
            return "Unassigned"
        you = "You " if member.id == self._me.id else ""
        return f"{you}{member.name} {member.email}"

    def _place(self) -> None:
        """Below the button, its right edges in line; above it where there is no room below."""
        screen = self.app.size
        anchor = self._anchor.clip(screen.width, screen.height)
        widest = max((self._prompt(choice).cell_length for choice in self._choices), default=0)
        width = min(max(MIN_WIDTH, widest + 5), MAX_WIDTH, screen.width)
        wanted = min(len(self._choices), MAX_ROWS)
        below, above = screen.height - anchor.bottom - _FRAME, anchor.y - _FRAME
        is_below = below >= min(wanted, 4) or below >= above
        rows = max(1, min(wanted, below if is_below else above))
        menu = self.query_one("#menu", Vertical)
        menu.styles.width = width
        menu.styles.offset = (
            max(0, min(anchor.right - width, screen.width - width)),
            anchor.bottom if is_below else anchor.y - rows - _FRAME,
        )
        self.query_one(OptionList).styles.max_height = rows
