"""Writes the pages that the code itself dictates: ``python -m docs.generate``.

Keys come from the bindings, settings from their declarations, commands from click, the
picture from the running program and the API's description from the server. A test
compares what stands here with what the code says now, so nothing that changes from run
to run may get into a page.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import re
import string
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import click
import msgspec

if TYPE_CHECKING:
    from textual.binding import Binding

    from inbox_tui.tui.app import InboxApp

HERE = Path(__file__).parent
SIZE = (120, 34)
"""Columns and lines of the picture."""
WIDTH = 80
"""Columns of the help texts, whatever terminal they are made on."""
TIMEOUT = 30
"""Seconds after which a picture that does not come is given up."""
PLACES = {
    "inbox": "Outside the reply box",
    "reply": "In the reply box",
    "app": "Everywhere",
    "search": "In the search field",
    "thread": "In the thread, while it has the focus",
    "picker": "In a list to choose from",
    "dialog": "In a dialog",
    "help": "In the help",
    "welcome": "In the welcome dialog",
}
"""What the part of a binding's id before the dot means."""
DIALOGS = {
    "Dialog": "every one",
    "Choice": "on a button",
    "FormDialog": "with several fields",
    "BadgePicker": "profile: the colours",
    "LostTextsDialog": "texts without a conversation: the list",
    "LostTextDialog": "texts without a conversation: one of them",
    "ExportDialog": "export: the file exists",
    "OneOf": "settings: several values",
}
"""Which dialog a class is, in words."""


def bindings() -> dict[str, list[tuple[type, Binding]]]:
    """Every binding with an id, by place and in the order of the code, with the class that has it."""
    from textual.binding import Binding

    import inbox_tui.tui

    found: dict[str, list[tuple[type, Binding]]] = {place: [] for place in PLACES}
    for module in pkgutil.walk_packages(inbox_tui.tui.__path__, "inbox_tui.tui."):
        for owner in vars(importlib.import_module(module.name)).values():
            if isinstance(owner, type) and owner.__module__ == module.name:
                for binding in vars(owner).get("BINDINGS", ()):
                    if isinstance(binding, Binding) and binding.id:
                        found[binding.id.partition(".")[0]].append((owner, binding))
    return found


def keys_page() -> str:
    """docs/keys.md."""
    from inbox_tui.local.keymap import DEFAULT_KEYS

    lines = [
        "# Keys",
        "",
        "`?` shows the keys in force, `ctrl+p` finds every action by its name. Keys are written here as in the",
        "[configuration](configuration.md#keys-of-your-own). A capital letter means Shift.",
    ]
    order = list(DEFAULT_KEYS)
    fixed_begin = False
    for place, here in bindings().items():
        can_change = any(id.startswith(f"{place}.") for id in order)
        if not can_change and not fixed_begin:
            fixed_begin = True
            lines += ["", "The keys below cannot be changed."]
        rows = sorted(here, key=lambda row: order.index(row[1].id or "")) if can_change else here
        lines += ["", f"## {PLACES[place]}", ""]
        third = "id" if can_change else "dialog" if place == "dialog" else ""
        lines += [f"| keys | does | {third} |", "|---|---|---|"] if third else ["| keys | does |", "|---|---|"]
        for owner, binding in rows:
            row = f"| {_spelled(binding.key)} | {binding.description} |"
            about = f"`{binding.id}`" if can_change else DIALOGS[owner.__name__] if third else ""
            lines.append(f"{row} {about} |" if third else row)
    return _page(lines)


def configuration_page() -> str:
    """docs/configuration.md."""
    from inbox_tui.cli.lazy import global_options
    from inbox_tui.local.settings import CONFIG_VARIABLE, VARIABLES, Settings, range_of

    flags = {option.name: option.opts[0] for option in global_options()}
    hints = get_type_hints(Settings, include_extras=True)
    lines = [
        "# Configuration",
        "",
        "Everything works without a configuration file. If there is one, it is TOML. `inbox-tui config` names it and",
        "prints the settings in force and where each comes from. On Linux it is `~/.config/inbox-tui/config.toml`",
        f"(`$XDG_CONFIG_HOME` is respected); `{flags['config']} FILE` or `{CONFIG_VARIABLE}` names another.",
        "",
        "Command-line options override environment variables, which override the file, which overrides the defaults.",
        "An unknown key is an error that names the file, the key and the nearest known one.",
        "",
        "| key | type | default | environment | command line | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for field in msgspec.structs.fields(Settings):
        key = field.encode_name
        meta = next(item for item in hints[field.name].__metadata__ if isinstance(item, msgspec.Meta))
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        limits = range_of(hints[field.name])
        kind = _typed(get_args(hints[field.name])[0]) + (f", {limits}" if limits else "")
        cells = [_code(key), kind, _code(_toml(default))]
        cells += [_code(VARIABLES.get(key, "")), _code(flags.get(key, "")), str(meta.description)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "`theme` and `auto_assign` can also be changed on the settings screen (`,`), which writes them into the file",
        "and leaves the rest of it as it is. `NO_COLOR`, set to anything, takes the colours from the screen.",
        f"`{flags['log_level']} debug` notes what the program does in a log file; it holds no message.",
        "",
        "## Example",
        "",
        "```toml",
        'store = "sqlite:////srv/acme/inbox.db"  # a file that the team shares',
        'as = "dana@acme.example"',
        'theme = "light"',
        "auto_assign = false",
        "```",
        "",
        "`sqlite:///inbox.db` with three slashes is a file in the current folder; with four the path is absolute.",
        "`sqlite:///~/inbox.db` is in your home folder. A `?` in the name of a file is written `%3F`.",
        "",
        "## Keys of your own",
        "",
        "Give an action another key, or several, by its id. The ids are on the page [Keys](keys.md).",
        "",
        "```toml",
        "[keys]",
        '"inbox.reply" = "w"',
        '"inbox.resolve" = ["d", "f2"]',
        '"reply.send" = "ctrl+s"',
        '"reply.newline" = ["enter", "ctrl+j"]',
        '"inbox.quit" = []  # switched off',
        "```",
        "",
        "The keys named here replace the action's defaults; an empty list switches them off. A key that two actions of",
        "one place would share, and a key that no terminal can send, are refused at the start.",
    ]
    return _page(lines)


def commands_page() -> str:
    """docs/commands.md."""
    from inbox_tui.cli.main import inbox_tui

    lines = [
        "# Commands",
        "",
        "Data goes to standard output, words to standard error. The options `--store`, `--as`, `--config` and",
        "`--log-level` may stand before or after any command. What they mean is on the page",
        "[Configuration](configuration.md).",
        "",
        "| exit code | means |",
        "|---|---|",
        "| 0 | done |",
        "| 1 | the store or the operation failed |",
        "| 2 | usage or configuration |",
        "| 3 | the store does not know who you are |",
        "| 130 | interrupted |",
    ]
    for context in _below(click.Context(inbox_tui, info_name="inbox-tui", terminal_width=WIDTH)):
        lines += ["", f"## {context.command_path}", "", "```text", context.get_help(), "```"]
    return _page(lines)


def picture() -> str:
    """docs/screen.svg: the real screen, on the sample, at the sample's own present."""
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        with tempfile.TemporaryDirectory() as folder:
            svg = asyncio.run(_screenshot(Path(folder)))
    finally:
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()
    # The library makes up a name for each picture, and has fonts fetched from elsewhere.
    svg = re.sub(r"terminal-\d+", "terminal-inbox", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}\n", "\n", svg, flags=re.DOTALL)
    return _page([line.rstrip() for line in svg.strip().splitlines()])


def api_description() -> str:
    """The HTTP API in OpenAPI's words."""
    from inbox_tui.server.app import application
    from inbox_tui.server.description import description_of

    return msgspec.json.format(msgspec.json.encode(description_of(application()))).decode() + "\n"


PAGES = {
    "keys.md": keys_page,
    "configuration.md": configuration_page,
    "commands.md": commands_page,
    "screen.svg": picture,
    "openapi.json": api_description,
}
"""File → what it must hold."""


async def _screenshot(folder: Path) -> str:
    from inbox_tui.domain.filters import Filter
    from inbox_tui.local.journal import Journal
    from inbox_tui.local.launch import Launch
    from inbox_tui.local.settings import Settings
    from inbox_tui.operations.sample import ME, REFERENCE, load_sample
    from inbox_tui.store.protocol import Store
    from inbox_tui.store.registry import Identity, open_store
    from inbox_tui.store.url import StoreUrl
    from inbox_tui.tui.app import InboxApp
    from inbox_tui.tui.inbox.opening import open_inbox

    url = StoreUrl.parse(f"sqlite:///{folder}/demo.db")

    def now() -> datetime:
        return REFERENCE

    async def open_as(email: str, name: str) -> Store:
        return await open_store(url, Identity(email, name, is_given=True), now)

    await load_sample(open_as, now())
    launch = Launch(
        open_store=lambda: open_as(ME, ""),
        settings=Settings(),
        keymap={},
        journal=Journal(None),
        filter=Filter.ALL,
        agent_name="",
        is_demo=True,
        is_new=False,
        config_file=folder / "config.toml",
        save_settings=lambda _: None,
        version="",
        say=lambda _: None,
    )
    opened = await open_inbox(launch)
    try:
        app = InboxApp(launch, opened, clock=now)
        async with asyncio.timeout(TIMEOUT), app.run_test(size=SIZE) as pilot:
            await pilot.press("j", "j")  # to somebody who waits and whom nobody has
            while not _is_drawn(app):
                await pilot.pause()
            return app.export_screenshot(title="inbox-tui", simplify=True)
    finally:
        launch.journal.close()
        await opened.store.aclose()


def _is_drawn(app: InboxApp) -> bool:
    """The store is heard, the thread of somebody whom nobody has is shown, and nothing is on its way."""
    from inbox_tui.tui.inbox.screen import InboxScreen

    screen = app.screen
    if not isinstance(screen, InboxScreen) or not screen.context.top.connection:
        return False
    shown = screen.context.pane.conversation
    is_read = shown is not None and shown.assignee is None and bool(screen.context.thread.messages)
    return is_read and all(worker.is_finished or worker.group == "follow" for worker in app.workers)


def _below(context: click.Context) -> Iterator[click.Context]:
    """The command and those below it."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None:
                yield from _below(click.Context(command, info_name=name, parent=context))


def _spelled(keys: str) -> str:
    """Keys as a configuration writes them."""
    from inbox_tui.local.keymap import character_name

    characters = {character_name(character): character for character in string.punctuation}
    return " · ".join(_code(characters.get(key, key)) for key in keys.split(","))


def _typed(kind: Any) -> str:  # whatever an annotation can be
    if get_origin(kind) is Literal:
        return " or ".join(_code(_toml(value)) for value in get_args(kind))
    if get_origin(kind) is UnionType:
        return " or ".join(map(_typed, get_args(kind)))
    return {str: "text", bool: "`true` or `false`", dict: "table", list: "list of texts", float: "number"}[
        get_origin(kind) or kind
    ]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else f'"{value}"'


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _page(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
