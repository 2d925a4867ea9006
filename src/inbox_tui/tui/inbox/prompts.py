"""Opens the inbox screen's dialogs and acts on their answers.

It imports each dialog on first use: the first screen needs none.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import InboxError
from inbox_tui.domain.filters import Counts, Query
from inbox_tui.domain.models import AgentId, Conversation
from inbox_tui.domain.times import local
from inbox_tui.store.protocol import Scan, Team
from inbox_tui.tui.inbox.context import InboxContext
from inbox_tui.tui.inbox.requests import WRITE

if TYPE_CHECKING:
    from inbox_tui.local.launch import Launch
    from inbox_tui.tui.dialogs.profile import Profile
    from inbox_tui.tui.dialogs.settings import SettingsResult, SettingsView
    from inbox_tui.tui.dialogs.welcome import Offer
    from inbox_tui.tui.inbox.outgoing import Replies


class Prompts:
    """Opens export, agents, settings, help and welcome."""

    def __init__(self, context: InboxContext) -> None:
        self._context = context
        self._agents: list[AgentId] = []
        """Earlier choices, the last one first."""

    def export(self, query: Query, counts: Counts) -> None:
        """Ask for a file, export everything that the query matches, and report the number of rows."""
        from inbox_tui.operations.exporting import count_rows, export_to_file
        from inbox_tui.tui.dialogs.export import ExportDialog, Exported

        context, store = self._context, self._context.work.store
        assert isinstance(store, Scan)  # the action is not offered otherwise
        known = None if query.search else counts.of(query.filter)  # a list need not know what a search finds

        def closed(exported: Exported | None) -> None:
            if exported is not None:
                context.status.say(f"Exported {counted(exported.rows, 'conversation')} to {exported.path}")

        dialog = ExportDialog(
            partial(count_rows, store, query) if known is None else known,
            self._suggested(query),
            lambda path, progress: export_to_file(store, query, path, progress=progress),
        )
        context.screen.app.push_screen(dialog, closed)

    def choose_agent(self, current: AgentId | None, change: Callable[[AgentId | None], None]) -> None:
        """Ask whose conversations to list."""
        from inbox_tui.tui.dialogs.agents import AgentChoice, AgentDialog

        def chosen(choice: AgentChoice | None) -> None:
            if choice is None:
                return
            if choice.agent is not None:
                self._agents = [choice.agent.id, *(id for id in self._agents if id != choice.agent.id)]
            change(choice.agent.id if choice.agent else None)

        dialog = AgentDialog(self._context.agents, current, recent=self._agents)
        self._context.screen.app.push_screen(dialog, chosen)

    async def settings(self, launch: Launch) -> None:
        """Show the settings and save the changes."""
        from inbox_tui.tui.dialogs.settings import SettingsDialog, SettingsView

        context = self._context
        store = context.work.store
        try:
            photo = await store.photo(context.me.id) if isinstance(store, Team) else None
        except InboxError as error:
            context.failed("read your photo", error)
            return
        settings = context.settings
        current = SettingsView(
            settings.theme, settings.auto_assign, settings.after_send, str(launch.config_file), store.name, context.me
        )

        def closed(result: SettingsResult | None) -> None:
            if result is not None:
                self._keep(launch, current, result)

        screen = SettingsDialog(current, store.capabilities.team, photo, self._keep_profile)
        context.screen.app.push_screen(screen, closed)

    def lost_texts(self, replies: Replies, go_to: Callable[[Conversation], None]) -> None:
        """Show the drafts whose conversations cannot be opened."""
        from inbox_tui.tui.inbox.lost_texts import LostTexts

        LostTexts(self._context, replies, go_to).look()

    def help(self) -> None:
        """Show every key that is in force."""
        from inbox_tui.tui.dialogs.help import HelpDialog
        from inbox_tui.tui.inbox.key_help import key_sections

        self._context.screen.app.push_screen(HelpDialog(key_sections(self._context.screen)))

    def welcome(self, offer: Offer | None = None) -> None:
        """An empty inbox: ask how to fill it, or continue with the choice."""
        from inbox_tui.tui.dialogs.welcome import FillWithSample, ImportFile, Offer, WelcomeDialog, WelcomeResult

        context = self._context

        def answered(result: WelcomeResult | None) -> None:
            if isinstance(result, FillWithSample):
                context.status.say("Filling the inbox with the sample …")
                context.run(context.work.fill_with_sample(context.clock()), group=WRITE)
            elif isinstance(result, ImportFile):
                context.status.say(f"Importing {result.path} …")
                context.run(context.work.import_file(result.path, context.clock()), group=WRITE)

        if offer is Offer.SAMPLE:
            answered(FillWithSample())
        else:
            context.screen.app.push_screen(WelcomeDialog(context.work.store.name, offer), answered)

    def remove_sample(self) -> None:
        """Ask before removing the sample."""
        from inbox_tui.tui.dialogs.confirm import ConfirmDialog

        context = self._context

        def answered(agreed: bool | None) -> None:
            if agreed:
                context.run(context.work.remove_sample(context.clock()), group=WRITE)

        question = "Remove the sample's conversations and people, with everything that was added to them?"
        context.screen.app.push_screen(ConfirmDialog(question, "Remove for good", "Keep the sample"), answered)

    def _keep(self, launch: Launch, before: SettingsView, result: SettingsResult) -> None:
        from inbox_tui.tui.dialogs.settings import Unchanged
        from inbox_tui.tui.themes import THEMES

        context = self._context
        changed: dict[str, str | bool] = {}
        if result.theme != before.theme:
            changed["theme"] = result.theme
            context.screen.app.theme = THEMES[result.theme].name
        if result.auto_assign != before.auto_assign:
            changed["auto_assign"] = result.auto_assign
        if result.after_send != before.after_send:
            changed["after_send"] = result.after_send
        if changed:
            context.settings = msgspec.structs.replace(context.settings, **changed)
            try:
                launch.save_settings(changed)
            except InboxError as error:
                context.status.say(f"{error.message} {error.hint}", is_problem=True)
        if not isinstance(result.photo, Unchanged):
            context.run(context.work.save_photo(result.photo), group=WRITE)

    async def _keep_profile(self, profile: Profile) -> str:
        """Save the member's profile at once; returns the error in words, "" if it worked."""

        context = self._context
        try:
            if isinstance(context.work.store, Team):
                await context.work.store.save_profile(profile.name, profile.badge)
            await context.work.read_team()
        except InboxError as error:
            return f"{error.message} {error.hint}".strip()
        context.status.say("Your profile is saved.")
        return ""

    def _suggested(self, query: Query) -> Path:
        """An unused file name in the current folder or, if that is not writable, at home."""
        stamp = f"{local(self._context.clock()):%Y-%m-%d-%H%M%S}"
        folder = Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path.home()
        names = (
            f"{query.filter.value}-{stamp}{more}.csv" for more in ("", *(f"-{number}" for number in range(2, 100)))
        )
        return next((folder / name for name in names if not (folder / name).exists()), folder)
