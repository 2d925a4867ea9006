"""The command palette: every action of the screen by name, each with its direct key.

Reads the bindings in force, so that each key is defined in one place and people learn
the keys. Runs actions without knowing them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial

import msgspec
from textual.actions import parse
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from inbox_tui.tui.inbox.keys import WITHOUT_KEYS
from inbox_tui.tui.terminal.private import own_bindings


class Command(msgspec.Struct, frozen=True):
    """An action that works on the screen below the palette."""

    description: str
    keys: tuple[str, ...]
    """The keys as people read them."""
    action: str
    node: DOMNode
    """Where the action is defined."""

    def shown(self, description: Content) -> Content:
        """The description with the keys behind it."""
        if not self.keys:
            return description
        return Content.assemble(description, "  ", (" or ".join(self.keys), "bold $accent"))


class InboxCommands(Provider):
    """The provider of the palette's commands."""

    async def discover(self) -> Hits:
        """All commands, in the order of the bindings."""
        for command in self.commands():
            shown = command.shown(Content(command.description))
            yield DiscoveryHit(shown, self._runner(command), text=command.description)

    async def search(self, query: str) -> Hits:
        """The actions whose descriptions match."""
        matcher = self.matcher(query)
        for command in self.commands():
            score = matcher.match(command.description)
            if score > 0:
                shown = command.shown(matcher.highlight(command.description))
                yield Hit(score, shown, self._runner(command), text=command.description)

    def commands(self) -> list[Command]:
        """The actions with all their keys, each once."""
        found: dict[tuple[int, str], Command] = {}
        for node, binding in self._named():
            if not (binding.id and binding.description) or binding.action == "command_palette":
                continue  # a widget's own editing key, or the way here
            key = self.app.get_key_display(binding)
            known = found.setdefault((id(node), binding.action), Command(binding.description, (), binding.action, node))
            if key not in known.keys:
                found[id(node), binding.action] = msgspec.structs.replace(known, keys=(*known.keys, key))
        for description, action in WITHOUT_KEYS:
            _, name, parameters = parse(action)
            if hasattr(self.screen, f"action_{name}") and self.screen.check_action(name, parameters):
                found[id(self.screen), action] = Command(description, (), action, self.screen)
        return list(found.values())

    def _named(self) -> Iterator[tuple[DOMNode, Binding]]:
        """The active bindings, and those of the screen that a focused field would take as text."""
        screen = self.screen
        active = screen.active_bindings
        for entry in active.values():
            if entry.enabled:
                yield entry.node, entry.binding
        for key, binding in own_bindings(screen):
            if key not in active and screen.check_action(binding.action.partition("(")[0], ()):
                yield screen, binding

    def _runner(self, command: Command) -> Callable[[], Coroutine[object, object, bool]]:
        return partial(self.app.run_action, command.action, command.node)
