"""A running inbox in a test: its keys, what is said in it, and what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from textual import events
from textual.message import Message as TextualMessage
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from inbox_tui.domain.models import Conversation, ConversationId, Message
from inbox_tui.tui.app import InboxApp
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.listing import ListController
from inbox_tui.tui.inbox.screen import InboxScreen
from inbox_tui.tui.inbox.triage import TriageController
from inbox_tui.tui.widgets.reply_box import ReplyBox
from inbox_tui.tui.widgets.thread_view import ThreadView

M = TypeVar("M", bound=TextualMessage)

TIMEOUT = 20
"""Seconds after which a condition is given up."""
_KEYS = {" ": "space", "\n": "ctrl+j"}


class Inbox:
    """A running inbox: its keys, what was said in it, and what it shows."""

    pilot: Pilot[None]

    def __init__(self, app: InboxApp) -> None:
        self.app = app
        self._heard: list[TextualMessage] = []

    def hear(self, message: TextualMessage) -> None:
        if not any(known is message for known in self._heard[-8:]):
            self._heard.append(message)

    def heard(self, kind: type[M]) -> list[M]:
        """The messages of a kind, in order, each once."""
        found: dict[int, M] = {id(message): message for message in self._heard if isinstance(message, kind)}
        return list(found.values())

    async def press(self, *keys: str) -> None:
        """Keys, and all that follows from them."""
        await self.pilot.press(*keys)
        await self.settled()

    async def write(self, text: str) -> None:
        """A text, letter by letter, into whatever has the focus."""
        await self.pilot.press(*(_KEYS.get(letter, letter) for letter in text))

    async def paste(self, text: str) -> None:
        """A text at once, into whatever has the focus."""
        self.app.post_message(events.Paste(text))
        await self.settled()

    async def settled(self) -> None:
        """Nothing is on its way any more."""
        await self.until(self._is_idle)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, however long it takes within reason."""
        async with asyncio.timeout(TIMEOUT):
            await self.pilot.pause()
            while not condition():
                await self.pilot.pause()

    @property
    def screen(self) -> InboxScreen:
        """The inbox screen, whatever stands over it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, InboxScreen)
        return screen

    @property
    def context(self) -> InboxContext:
        return self.screen.context

    @property
    def listing(self) -> ListController:
        return self.screen.listing

    @property
    def triage(self) -> TriageController:
        return self.screen.triage

    @property
    def top(self) -> Screen[Any]:
        """The screen that gets the keys."""
        return self.app.screen

    @property
    def box(self) -> ReplyBox:
        return self.screen.query_one(ReplyBox)

    @property
    def thread(self) -> list[str]:
        """What the messages of the open conversation say."""
        return [message.body for message in self.messages]

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.screen.query_one(ThreadView).messages

    @property
    def rows(self) -> list[str]:
        """The ids of the list's rows, from the top."""
        window = self.context.list._window
        assert window is not None
        return [row.id if (row := window.row(number)) else "…" for number in range(window.total)]

    @property
    def here(self) -> str:
        """The id of the highlighted conversation."""
        conversation = self.context.list.highlighted
        return conversation.id if conversation else ""

    @property
    def open_one(self) -> Conversation:
        """The conversation in the pane."""
        conversation = self.context.pane.conversation
        assert conversation is not None
        return conversation

    @property
    def is_writing(self) -> bool:
        return self.screen.focused is not None and self.screen.focused.parent is self.box

    def has_focus(self, widget: Widget) -> bool:
        """The next key goes to this widget."""
        return self.screen.focused is widget

    async def go_to(self, id: str) -> None:
        self.context.list.highlight(ConversationId(id))
        await self.settled()

    def text(self, screen: Screen[Any] | None = None) -> str:
        """What the terminal shows of a screen: the inbox, if none is named."""
        strips = (screen or self.screen)._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    @property
    def lines(self) -> list[str]:
        """The screen in front, line by line."""
        return self.text().split("\n")

    def _is_idle(self) -> bool:
        busy = [worker for worker in self.app.workers if worker.group != "follow" and not worker.is_finished]
        shown = self.context.pane.conversation
        is_read = shown is None or not self.context.me.may_chat or self.context.threads.get(shown.id) is not None
        return not busy and is_read
