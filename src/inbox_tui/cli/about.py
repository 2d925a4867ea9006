"""``config`` and ``stores``: what is in force and what is installed."""

from __future__ import annotations

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import write_lines
from inbox_tui.cli.session import CommandSession
from inbox_tui.domain.text import clean_line
from inbox_tui.local import paths
from inbox_tui.local.keymap import DEFAULT_KEYS, keymap
from inbox_tui.local.settings import ResolvedSettings, Source
from inbox_tui.store.url import StoreUrl


@command("config")
@click.pass_obj
def config(session: CommandSession) -> None:
    """Print the settings in force and where each comes from."""
    in_force = session.in_force
    changed = keymap(in_force.settings.keys, in_force.file)
    exists = "" if in_force.file.exists() else " (does not exist)"
    lines = [f"# {in_force.file}{exists}"]
    for name, value in in_force.values().items():
        if name != "keys":
            lines.append(_line(name, _shown(name, value, in_force), in_force.sources[name]))
    for id in DEFAULT_KEYS:
        source = Source.FILE if id in changed else Source.DEFAULT
        lines.append(_line(f"keys.{id}", changed.get(id, DEFAULT_KEYS[id]), source))
    write_lines(map(clean_line, lines))


@command("stores")
def stores() -> None:
    """List the kinds of store that are installed: URL scheme, package, and what is wrong with it."""
    from inbox_tui.store.registry import installed_stores

    for store in installed_stores():
        state = store.problem or "ok"
        write_lines(["\t".join(clean_line(part) for part in (f"{store.scheme}://", store.source, state))])


def _line(name: str, value: str, source: Source) -> str:
    return f"{name} = {value}  # {source.value}"


def _shown(name: str, value: object, in_force: ResolvedSettings) -> str:
    """A value as in the file, but never a password."""
    if name == "store":
        return StoreUrl.parse(str(value)).shown if value else f"sqlite:///{paths.default_store_file()}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        import json  # a JSON list of texts is a TOML one

        return json.dumps(value, ensure_ascii=False)
    return str(value)
