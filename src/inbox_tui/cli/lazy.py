"""Commands that are imported only when they are called, and options that every command takes.

``inbox-tui --help`` lists all commands without loading one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import click

from inbox_tui.cli.session import CommandSession

Handler = Callable[..., None]


class LazyGroup(click.Group):
    """A group whose commands are ``module:function`` of a Command, each with its line of help."""

    def __init__(self, *args: Any, commands_by_name: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of a shift rather than of the alphabet."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in self._targets:
            return None
        module, _, name = self._targets[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their help, none of them imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in self._targets.items()])


def global_options(hidden: bool = False) -> list[click.Option]:
    """What may stand before or after any command."""
    return [
        click.Option(
            ["--store"], metavar="URL", help="Where the workspace lives [INBOX_TUI_STORE].", **_kept("store", hidden)
        ),
        click.Option(["--as"], metavar="EMAIL", help="Who you are [INBOX_TUI_AS].", **_kept("as", hidden)),
        click.Option(
            ["--config"], metavar="FILE", help="Configuration file [INBOX_TUI_CONFIG].", **_kept("config", hidden)
        ),
        click.Option(
            ["--log-level"],
            type=click.Choice(["debug", "info", "warning", "error"]),
            help="Note what happens in a log file.",
            **_kept("log_level", hidden),
        ),
    ]


def command(name: str, **attributes: Any) -> Callable[[Handler], click.Command]:
    """A click command that also takes the global options."""

    def made(handler: Handler) -> click.Command:
        built: click.Command = click.command(name, cls=click.Command, **attributes)(handler)
        built.params += global_options(hidden=True)
        return built

    return made


def _kept(name: str, hidden: bool) -> dict[str, Any]:
    """Hand the option to the session, not to the command."""

    def keep(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value == "":
            raise click.BadParameter("it is empty.")
        if value is not None:
            ctx.ensure_object(CommandSession).options[name] = value
        if value is not None and name == "log_level":
            from inbox_tui.cli.log import start_log

            start_log(value)

    return {"callback": keep, "expose_value": False, "hidden": hidden}
