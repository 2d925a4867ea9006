"""The key help: every key in force by the place where it works, read from the bindings."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from inbox_tui.local.keymap import DEFAULT_KEYS
from inbox_tui.tui.dialogs.conflict import ConflictDialog
from inbox_tui.tui.dialogs.help import HelpSection, KeyHelp
from inbox_tui.tui.terminal.private import own_bindings
from inbox_tui.tui.widgets.conversation_list import ConversationList
from inbox_tui.tui.widgets.reply_box import ReplyBox


def key_sections(screen: Screen[None]) -> tuple[HelpSection, ...]:
    """The keys of the inbox screen: outside the reply box, in it, and everywhere."""
    app = screen.app
    return (
        HelpSection("Outside the reply box", _keys(app, [screen.query_one(ConversationList), screen])),
        HelpSection("In the reply box", _keys(app, [screen.query_one(ReplyBox), ConflictDialog((), "")])),
        HelpSection("Everywhere", _keys(app, [app])),
    )


def _keys(app: App[None], nodes: Iterable[DOMNode]) -> tuple[KeyHelp, ...]:
    found: dict[str, KeyHelp] = {}
    for node in nodes:
        for _, binding in own_bindings(node):
            if binding.id in DEFAULT_KEYS and binding.description:
                known = found.get(binding.id)
                keys = f"{known.keys}, {_shown(app, binding)}" if known else _shown(app, binding)
                found[binding.id] = KeyHelp(binding.id, keys, binding.description)
    return tuple(found.values())


def _shown(app: App[None], binding: Binding) -> str:
    return app.get_key_display(binding)
