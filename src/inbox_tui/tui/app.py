"""The application: themes, keys and the one loop that the store and the screen share.

Holds no state of the inbox; that is the screen's and the store's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

from rich.console import COLOR_SYSTEMS
from textual import events
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.types import CSSPathType

from inbox_tui.local.launch import Launch
from inbox_tui.operations.triage import new_key
from inbox_tui.store.registry import utc_now
from inbox_tui.tui.inbox.opening import InitialData
from inbox_tui.tui.inbox.screen import InboxScreen
from inbox_tui.tui.presenters.keys import key_shown
from inbox_tui.tui.stylesheets import stylesheet
from inbox_tui.tui.terminal.bursts import act_on_burst, takes_text
from inbox_tui.tui.terminal.driver import SafeDriver
from inbox_tui.tui.terminal.events import Burst
from inbox_tui.tui.terminal.key_order import belongs_elsewhere, run_binding_now
from inbox_tui.tui.terminal.private import CompositorUpdate, PrivateApp
from inbox_tui.tui.terminal.screen_diff import ScreenDiff
from inbox_tui.tui.themes import THEMES


def _erases_in_colour() -> bool:
    """Whether the terminal erases cells with the background colour in force, by terminfo's word for it."""
    import _curses  # without the rest of curses, which a start would pay for

    try:
        _curses.setupterm(os.environ.get("TERM", ""), sys.stderr.fileno())
    except (_curses.error, ValueError, OSError):
        return False
    return _curses.tigetflag("bce") > 0 and _curses.tigetstr("ech") is not None


def _commands() -> type[Provider]:
    from inbox_tui.tui.inbox.palette import InboxCommands  # the palette is not on the first screen

    return InboxCommands


HANDS_PAUSE = 1.0
"""Seconds without a key after which somebody has noticed that the reply box is gone."""
MAX_BACKLOG = 8_192
"""Bytes that a terminal may have to take yet before frames are left out."""


class InboxApp(PrivateApp):
    """inbox-tui on a terminal."""

    TITLE = "inbox-tui"
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheet("app.tcss"), stylesheet("inbox.tcss")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False),
        Binding("ctrl+p", "command_palette", "All commands", id="app.commands", priority=True),
        Binding("ctrl+l", "repaint", "Repaint the screen", id="app.repaint", priority=True),
        Binding("ctrl+z", "suspend", "Suspend; the shell's fg comes back", id="inbox.suspend", priority=True),
    ]

    def __init__(
        self,
        launch: Launch,
        opened: InitialData,
        clock: Callable[[], datetime] = utc_now,
        make_key: Callable[[], str] = new_key,
        on_first_screen: Callable[[], None] = lambda: None,
    ) -> None:
        """An inbox that has been opened, and is not shown yet.

        Args:
            launch: How the program was started.
            opened: What was read already.
            clock: Gives the present.
            make_key: Makes keys for what is sent.
            on_first_screen: Called once the first screen stands.
        """
        super().__init__(driver_class=SafeDriver)
        self.loop = asyncio.get_running_loop()
        self.launch = launch
        self.terminal = ScreenDiff(sys.stderr.encoding, erases=_erases_in_colour())
        self.on_hangup: Callable[[], None] = self.exit
        """What to do when the terminal is gone."""
        self._is_ready = False
        self._typed_early: list[events.Key | events.Paste | Burst] = []
        """Keys that came before the first screen stood; they act on it, in their order, once it does."""
        self._tells_shift_enter = False
        self._typed_on: float | None = None
        """When the last key came of a text whose box is gone."""
        self.farewell = ""
        """What to say once the terminal is as it was."""
        self._owes_frame = False
        self.opened = opened
        self._clock = clock
        self._new_key = make_key
        self._on_first_screen = on_first_screen
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[launch.settings.theme].name
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_keymap(launch.keymap)

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the theme in force. Until the first screen stands it is the one that the styles were parsed for."""
        if self._is_ready:
            super().refresh_css(animate)
        else:
            self.stylesheet.update(self, animate=animate)

    def get_default_screen(self) -> InboxScreen:
        """The inbox."""
        return InboxScreen(self.launch, self.opened, self._clock, self._new_key)

    async def on_event(self, event: events.Event) -> None:
        """Let each key act before the next, then go on as usual."""
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded and not self._is_ready:
            self._typed_early.append(event)
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._is_swallowed(event):
                return
            if event.key == "shift+enter":
                self.on_kitty_keyboard_detected()
            if belongs_elsewhere(self, event):
                self._inbox().context.status.say(f"{key_shown(event.key)} works outside the field: press Esc first.")
                return
            if await run_binding_now(self, event):
                return
        elif isinstance(event, events.Paste) and not event.is_forwarded and not takes_text(self.focused):
            self._inbox().context.status.say("A paste came outside a text field. It was ignored.", is_problem=True)
            return
        await super().on_event(event)

    async def on_burst(self, event: Burst) -> None:
        """Keys that came together."""
        event.stop()
        if not self._is_ready:
            self._typed_early.append(event)
            return
        if problem := await act_on_burst(self, event):
            self._inbox().context.status.say(problem, is_problem=True)

    def on_kitty_keyboard_detected(self) -> None:
        """The terminal can send Shift+Enter."""
        self._tells_shift_enter = True
        self._learn()

    def on_terminal_replied(self) -> None:
        """It is known how long the line is."""
        self._learn()

    def _learn(self) -> None:
        """Tell the inbox what is known of the terminal, once there is one to tell."""
        driver = self.driver
        if not self._is_ready or not isinstance(driver, SafeDriver):
            return
        if self._tells_shift_enter:
            self._inbox().context.learn_keys()
        if driver.round_trip is not None:
            self._inbox().context.learn_round_trip(driver.round_trip)
            driver.round_trip = None

    def _inbox(self) -> InboxScreen:
        inbox = self.screen_stack[0]
        assert isinstance(inbox, InboxScreen)
        return inbox

    async def action_quit(self) -> None:
        """End; what is held is sent first."""
        self.farewell = await self._inbox().sending.finish()
        self.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where text is written, Ctrl+Z takes a change of it back."""
        return action != "suspend" or not (self.screen is self._inbox() and self._inbox().context.is_writing)

    async def action_leave(self) -> None:
        """Where a conversation fills the screen, go back to the list; else quit."""
        inbox = self._inbox()
        if inbox.has_class("-narrow") and inbox.has_class("-reading") and inbox.check_action("back", ()):
            inbox.action_back()
        else:
            await self.action_quit()

    def action_suspend(self) -> None:
        """Go back to the shell, with whatever was started along with the program, such as make."""
        os.kill(0, signal.SIGTSTP)

    def on_not_stopped(self) -> None:
        """There was no shell that could have continued the program."""
        self._inbox().context.status.say(
            "There is no shell to go back to: nothing could continue the inbox from there."
        )

    def action_help_quit(self) -> None:
        """Ctrl+C, which ends other programs: say what ends this one, where it covers nothing."""
        context = self._inbox().context
        kept = "; the text is kept" if context.is_writing else ""
        context.status.say(f"{context.keys['app.quit']} quits{kept}")

    def action_repaint(self) -> None:
        """Forget what the terminal shows, and paint the whole screen: something else wrote to the terminal."""
        if self._is_ready and self.is_running:
            self.terminal.forget()
            self.paint_all()

    def get_key_display(self, binding: Binding) -> str:
        """Keys look the same in the help, the palette and the hints."""
        return key_shown(binding.key)

    async def on_ready(self) -> None:
        """The first screen stands."""
        self._on_first_screen()
        self._is_ready = True
        self._learn()
        early, self._typed_early = self._typed_early, []
        for event in early:
            await (self.on_burst(event) if isinstance(event, Burst) else self.on_event(event))

    def fail_from_thread(self, error: BaseException | None) -> None:
        """End because of a mistake in another thread."""
        if isinstance(error, Exception):
            self.loop.call_soon_threadsafe(self.fail, error)

    def on_writing_interrupted(self) -> None:
        """What is typed on into a box that is gone must not run as commands."""
        self._typed_on = monotonic()

    def _is_swallowed(self, event: events.Key) -> bool:
        """Whether a key belongs to a text that was interrupted: until the hands have paused."""
        now, last = monotonic(), self._typed_on
        if last is None or now - last > HANDS_PAUSE or event.key == "escape":
            self._typed_on = None
            return False
        self._typed_on = now
        return True

    def on_terminal_taken(self) -> None:
        """Nothing is known of what the terminal shows."""
        self.terminal.forget()

    def on_drained(self) -> None:
        """The terminal has taken all it was sent; called by the thread that sends."""
        if self._owes_frame:
            self.loop.call_soon_threadsafe(self._catch_up)

    def _catch_up(self) -> None:
        if self._owes_frame and self.is_running:
            self._owes_frame = False
            self.paint_all()

    @property
    def paints_itself(self) -> bool:
        """Where there is a terminal."""
        return isinstance(self.driver, SafeDriver)

    def paint(self, screen: Screen[Any], update: CompositorUpdate) -> None:
        """Send what changed, unless the line is slow: what comes last is what it shall show."""
        driver = self.driver
        if isinstance(driver, SafeDriver) and driver.backlog > MAX_BACKLOG:
            self._owes_frame = True
            return
        size = screen.outer_size
        colors = COLOR_SYSTEMS.get(self.console.color_system or "")
        frame = self.terminal.frame(update, size, size.clamp_offset(self.cursor_position), colors)
        if frame:
            self.write_frame(frame)
