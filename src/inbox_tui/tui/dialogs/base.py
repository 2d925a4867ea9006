"""The frame of every dialog.

``Dialog`` gives all dialogs the same manners: one thin border, content that scrolls,
choices in the last lines, Enter accepts, Escape cancels, everything clickable. Dialogs
return a result and nothing else: they touch no store and no other screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from inbox_tui.domain.text import clean, typed_line
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.stylesheets import stylesheet
from inbox_tui.tui.widgets.line_field import LineField

Result = TypeVar("Result")


class Choice(Static, can_focus=True):
    """One thing that can be chosen: a flat button that shows its key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "press", "Choose", id="dialog.choose", show=False),
    ]

    class Pressed(FieldMessage):
        """The choice was made, by key or by mouse."""

        choice: Choice

        @property
        def control(self) -> Choice:
            """The choice that was made."""
            return self.choice

    def __init__(self, key: str, label: str, action: str, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.key = key
        """The key that does the same, as people read it; empty if there is none."""
        self.label = label
        self.action = action
        """The dialog's action that the choice stands for."""

    def render(self) -> Content:
        """The key that works now, and the label."""
        key = self.key
        if self.has_focus:
            key = "Enter"
        elif key == "Enter" and isinstance(self.screen.focused, Choice):
            key = ""  # Enter belongs to the choice that has the focus
        label = clean(self.label)
        return Content.assemble((f"[{key}] ", "bold $accent"), label) if key else Content(label)

    def action_press(self) -> None:
        """Make this choice."""
        self.post_message(self.Pressed(self))

    def on_click(self, event: events.Click) -> None:
        """A click is as good as a key."""
        event.stop()
        self.action_press()


class TextField(LineField):
    """One line of text in a dialog."""

    def __init__(self, value: str = "", *, id: str, placeholder: str = "", max_length: int = 0) -> None:
        super().__init__(
            typed_line(value), id=id, placeholder=placeholder, max_length=max_length, select_on_focus=False
        )
        self.cursor_blink = False

    def on_resize(self) -> None:
        """Bring the cursor into sight: a text that was there before the field had a width shows its beginning."""
        cursor = self.cursor_position
        self.cursor_position = 0
        self.cursor_position = cursor


def field(label: str, control: Widget) -> Horizontal:
    """A control with its label before it."""
    return Horizontal(Static(label, classes="label", markup=False), control, classes="field")


class Dialog(ModalScreen[Result]):
    """A box over the inbox. Subclasses give heading, body, choices, and ``action_accept``."""

    is_form: ClassVar[bool] = False
    """Enter keeps or writes what stands in its fields."""

    CSS_PATH = stylesheet("dialogs.tcss")
    # Textual declares these as instance variables, so they cannot be ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Accept", id="dialog.accept", show=False),
        Binding("escape", "cancel", "Cancel", id="dialog.cancel", show=False),
        Binding("up", "scroll(-1)", "Scroll up", id="dialog.up", show=False),
        Binding("down", "scroll(1)", "Scroll down", id="dialog.down", show=False),
        Binding("pageup", "scroll_page(-1)", "Page up", id="dialog.page-up", show=False),
        Binding("pagedown", "scroll_page(1)", "Page down", id="dialog.page-down", show=False),
    ]

    heading: str = ""
    """The title in the border."""

    def compose(self) -> ComposeResult:
        """The frame: heading, body, a line for what is wrong, choices."""
        with Container(classes="box") as box:
            box.border_title = Content(self.heading)
            with Container(classes="body"):  # scrolls, but leaves the arrow keys to the dialog
                yield from self.compose_body()
            with Container(classes="foot"):
                yield Static(classes="problem", markup=False)
                with Container(classes="choices"):
                    yield from self.choices()

    def compose_body(self) -> ComposeResult:
        """What stands between the heading and the choices."""
        yield from ()

    def choices(self) -> Iterable[Choice]:
        """What can be chosen, the one that Enter means first."""
        return ()

    def close(self, result: Result | None = None) -> None:
        """Give the result back, once: a second key in the same breath must not close what is below."""
        if self.is_current:
            self.dismiss(result)

    def complain(self, problem: str) -> None:
        """Say what has to be changed before this can be accepted; an empty text says nothing."""
        line = self.query_one(".problem", Static)
        line.update(Content.assemble(("! ", "bold $error"), clean(problem)) if problem else Content(""))
        line.display = bool(problem)

    def on_mount(self) -> None:
        """Nothing is wrong at first."""
        self.complain("")

    def on_descendant_focus(self) -> None:
        """Show the key Enter where it works now."""
        for choice in self.query(Choice):
            choice.refresh(layout=True)

    @on(Choice.Pressed)
    async def act_on_choice(self, event: Choice.Pressed) -> None:
        """Do what the choice stands for."""
        event.stop()
        await self.run_action(event.choice.action)

    @on(Input.Submitted)
    async def accept_from_field(self, event: Input.Submitted) -> None:
        """Enter in a field accepts the dialog."""
        event.stop()
        await self.run_action("accept")

    async def action_accept(self) -> None:
        """What Enter means."""
        self.close()

    async def action_cancel(self) -> None:
        """Change nothing."""
        self.close()

    def action_scroll(self, lines: int) -> None:
        """Move the body by lines."""
        self.query_one(".body", Container).scroll_relative(y=lines, animate=False)

    def action_scroll_page(self, pages: int) -> None:
        """Move the body by what is visible of it."""
        body = self.query_one(".body", Container)
        body.scroll_relative(y=pages * max(1, body.size.height - 1), animate=False)


class FormDialog(Dialog[Result]):
    """A dialog of several controls: up and down lead from one to the next, as Tab does."""

    is_form = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Previous field", id="dialog.previous", show=False),
        Binding("down", "app.focus_next", "Next field", id="dialog.next", show=False),
    ]
