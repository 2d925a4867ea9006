"""Where replies and notes are written: one box, bound to one conversation at a time.

A text typed here belongs to the conversation that the box is bound to, whatever is
highlighted by the time somebody hears of it; every message carries its id. The box
never sends, keeps or throws away anything itself. Until somebody may type it is only
painted, because the text area behind it is slow to start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from inbox_tui.domain.models import ConversationId, Kind
from inbox_tui.domain.text import clean_body, clean_typed
from inbox_tui.tui.field_message import FieldMessage
from inbox_tui.tui.presenters.thread import wrap
from inbox_tui.tui.widgets.reply_frame import FramedBox

if TYPE_CHECKING:
    from inbox_tui.tui.widgets.reply_editor import ReplyEditor

MAX_SUPERSEDED = 32
NOTE_BAR = "▌ "
"""Stands before each line of a note."""
NOTHING_TO_SEND = "Nothing to send"


class ReplyBox(FramedBox):
    """The text, in a text area once somebody may type, within its frame."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ReplyBox.-note ReplyEditor, ReplyBox.-note ReplyEditor:focus { border-left: outer $inbox-note; padding: 0 0 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="reply.send"),
        Binding("shift+enter,ctrl+j,alt+enter", "newline", "New line", id="reply.newline"),
        Binding("ctrl+r", "send_and_resolve", "Send and mark resolved", id="reply.send-resolve"),
        Binding("ctrl+n", "change_kind", "Reply into note, or back; text kept", id="reply.change-kind"),
        Binding("ctrl+z", "take_back", "Undo send, or undo typing", id="reply.undo"),
        Binding("ctrl+o", "editor", "Write in $EDITOR", id="reply.editor"),
        Binding("escape", "leave", "Back to the list, text kept", id="reply.leave"),
    ]

    class Submitted(FieldMessage):
        """The text is to be sent. It stays in the box until ``clear``."""

        conversation_id: ConversationId
        kind: Kind
        text: str
        and_resolve: bool
        cursor: int

    class Continued(FieldMessage):
        """Somebody typed on after Enter: what is held under this key stands in the box again."""

        key: str

    class TakeBackRequested(FieldMessage):
        """What was sent last is to be taken back."""

    class DraftChanged(FieldMessage):
        """The member changed the text."""

        conversation_id: ConversationId
        kind: Kind
        text: str

    class KindChanged(FieldMessage):
        """The reply is a note now, or the note a reply."""

        kind: Kind
        is_joined: bool
        """Something of that kind had been begun before, and stands above the text now."""

    class LeaveRequested(FieldMessage):
        """Done for now; the text stays."""

    class EditorRequested(FieldMessage):
        """The text is to be written in the member's own editor."""

        conversation_id: ConversationId
        kind: Kind
        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = ""
        """The text that was last put here or reported; with the editor's own it tells what is new."""
        self._superseded: deque[str] = deque(maxlen=MAX_SUPERSEDED)
        """What the text was before: whoever still speaks of it has not heard of the latest keys."""
        self._submitted: str | None = None
        """A text that was handed over and not yet taken out: the same Enter twice sends once."""
        self._held: tuple[str, str, int] | None = None
        """Key, text and cursor of what was sent a moment ago and may yet be gone on with."""
        self._editor: ReplyEditor | None = None
        self.has_notes = True
        """The store keeps notes; without them a reply cannot become one."""
        self.draft_of: Callable[[ConversationId, Kind], str] = lambda id, kind: ""
        """What was begun before. Asked for at once, for an Enter may be the very next key."""

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self._editor.text if self._editor else self._text

    @property
    def has_editor(self) -> bool:
        """The real text area is there."""
        return self._editor is not None

    def bind(self, conversation_id: ConversationId, kind: Kind, text: str, author_label: str, since: str = "") -> None:
        """Write to this conversation from now on, beginning with ``text``, of which ``since`` says how old it is.

        What was typed for another conversation is reported first. If the box is bound so
        already and ``text`` is what it holds, or held a few keys ago, the text and the cursor
        stay as they are.
        """
        self._report_change()
        is_other = (conversation_id, kind) != (self._conversation_id, self._kind)
        if is_other:
            self._superseded.clear()
        self._conversation_id, self._kind, self._author = conversation_id, kind, author_label
        self._draft_since = since
        self._complaint = ""
        text = self.text if text in self._superseded else clean_typed(text)
        if is_other or text != self.text:
            self._held = None
        if text != self.text:
            self._put(text)
        elif is_other and self._editor:
            self._editor.history.clear()
        self._text, self._submitted = text, None
        self._show_kind()

    def clear(self) -> None:
        """Take the text out that has gone on its way. What was typed since stays."""
        self._draft_since = ""
        since = self.text[len(self._submitted) :] if self._submitted and self.text.startswith(self._submitted) else ""
        self._put("")
        if since:
            self.ensure_editor().insert(since)
        self._show_frame()

    def can_continue(self, key: str, text: str, cursor: int) -> None:
        """Whoever types on from here goes on with this text, in a new line where the cursor was."""
        self._held = key, text, cursor
        if self.text:
            self.before_typing()

    def cannot_continue(self, key: str | None = None) -> bool:
        """What was held under this key, or (None) whatever was, is gone on with no longer; whether there was such."""
        if self._held is None or key not in (None, self._held[0]):
            return False
        self._held = None
        return True

    def before_typing(self) -> None:
        """Put what is held back into the box, around what is typed now."""
        if self._held is None or self._editor is None:
            return
        (key, text, cursor), self._held = self._held, None
        since = self._editor.text
        self._editor.put(f"{text[:cursor]}\n{since}{text[cursor:]}", cursor + 1 + len(since))
        self._submitted = None
        self.post_message(self.Continued(key))
        self._report_change()
        self._fit()

    def ensure_editor(self) -> ReplyEditor:
        """Put the real text area behind the painted one, if it is not there yet."""
        if self._editor is None:
            from inbox_tui.tui.widgets.reply_editor import ReplyEditor

            editor = ReplyEditor(self.before_typing, self.action_take_back)
            self._editor = editor
            self.mount(editor)
            editor.put(self._text)
        return self._editor

    def focus_editor(self) -> None:
        """Let the very next key go into the text."""
        self._submitted = None
        # Not Widget.focus, which acts later: letters typed ahead would go to the list as commands.
        self.screen.set_focus(self.ensure_editor())

    def render(self) -> Content:
        """What the text area will show, while there is none."""
        if self._editor is not None:
            return Content("")
        if self._kind is not Kind.NOTE:
            return Content(clean_body(self._text))
        lines = wrap(clean_body(self._text), max(2, self.content_size.width - len(NOTE_BAR)))
        return Content("\n").join(Content.assemble((NOTE_BAR, "$inbox-note"), line) for line in lines)

    def action_send(self) -> None:
        """Send the text; behind a backslash, begin a new line in its place."""
        if self._editor and self._editor.is_behind_backslash:
            self._editor.action_delete_left()
            self.action_newline()
        else:
            self._submit(and_resolve=False)

    def action_send_and_resolve(self) -> None:
        """Send the text and mark the conversation resolved."""
        self._submit(and_resolve=True)

    def action_newline(self) -> None:
        """Begin a new line."""
        if self._editor:
            self._editor.begin_line()

    def action_change_kind(self) -> None:
        """Make the reply a note, or the note a reply; what had been begun of that kind stands above it."""
        id, was = self._conversation_id, self._kind
        if id is None or not self.has_notes or self._submitted is not None:
            return
        self._report_change()
        self._held = None
        self._kind = Kind.MESSAGE if was is Kind.NOTE else Kind.NOTE
        self._draft_since = ""
        begun = self.draft_of(id, self._kind)
        if begun.strip():
            text, cursor = self.text, self._editor.cursor if self._editor else len(self.text)
            self._put(f"{begun}\n{text}" if text else begun)
            if self._editor and text:
                self._editor.put(self.text, len(begun) + 1 + cursor)
        self._superseded.clear()
        # The new one first: should the program end in between, the text is there twice and not lost.
        self.post_message(self.DraftChanged(id, self._kind, self.text))
        self.post_message(self.DraftChanged(id, was, ""))
        self.post_message(self.KindChanged(self._kind, bool(begun.strip())))
        self._show_kind()

    def action_take_back(self) -> None:
        """Take back what was just sent; while there is a text, the last change of it."""
        if self._editor and self._editor.text:
            self._editor.undo()
        else:
            self.post_message(self.TakeBackRequested())

    def action_editor(self) -> None:
        """Ask for the member's own editor."""
        if self._conversation_id is not None:
            self._report_change()
            self._superseded.clear()  # the editor may well bring an earlier text back
            self.post_message(self.EditorRequested(self._conversation_id, self._kind, self.text))

    def action_leave(self) -> None:
        """Go, and leave the text where it is."""
        self._report_change()
        self.post_message(self.LeaveRequested())

    def on_click(self, event: events.Click) -> None:
        """The button sends; anywhere else the cursor comes into the text."""
        event.stop()
        if self._is_on_button(event.screen_x, event.screen_y):
            self.action_send()
        elif self._conversation_id is not None:
            self.focus_editor()

    def on_resize(self, event: events.Resize) -> None:
        """The bottom line is as long as the box is wide."""
        self._show_frame()
        self.call_after_refresh(self._fit)

    def on_text_area_changed(self, event: Message) -> None:
        """The member typed, pasted or undid something."""
        event.stop()
        self._report_change()
        self._complain("")
        self._fit()

    def watch_lines_at_most(self) -> None:
        """Take less or more room."""
        self._fit()

    def _submit(self, *, and_resolve: bool) -> None:
        id, text = self._conversation_id, self.text
        if id is None or text == self._submitted:
            return
        self._report_change()
        if not text.strip():
            self._complain(NOTHING_TO_SEND)
            return
        self._submitted = text
        cursor = self._editor.cursor if self._editor else len(text)
        if self._editor:
            self._editor.move_cursor(self._editor.document.end)  # what is typed ahead of ``clear`` goes behind
        self.post_message(self.Submitted(id, self._kind, text, and_resolve, cursor))

    def _report_change(self) -> None:
        text = self.text
        if text != self._text and self._conversation_id is not None:
            self._superseded.append(self._text)
            self._text = text
            self.post_message(self.DraftChanged(self._conversation_id, self._kind, text))
            if self._draft_since and not text.strip():
                self._draft_since = ""
                self._show_frame()

    def _put(self, text: str) -> None:
        self._text = text
        self._submitted = None
        self._superseded.clear()
        if self._editor:
            self._editor.put(text)
        else:
            self.refresh()
        self._fit()

    def _fit(self) -> None:
        """As high as the text needs, within bounds. A new height costs a layout, so only when it changes."""
        width = self.content_size.width
        if width < 2:
            return
        editor = self._editor
        room = max(2, width - (len(NOTE_BAR) if self._kind is Kind.NOTE else 0))
        lines = editor.wrapped_lines if editor and editor.size.width else len(wrap(clean_body(self._text), room))
        self._take_lines(lines)

    def _show_kind(self) -> None:
        """Look like a reply or like a note."""
        if self.has_class("-note") is not (self._kind is Kind.NOTE):
            self.set_class(self._kind is Kind.NOTE, "-note")
            self.call_after_refresh(self._fit)  # the marks of a note take room
        self._show_frame()
