"""Opening the inbox on the terminal: the store, the settings and the drafts, put together.

The only place that starts the screens, and they are imported only here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import cast

import click
import msgspec

from inbox_tui import __version__
from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say
from inbox_tui.cli.session import CommandSession, file_url, run_async
from inbox_tui.domain.errors import ConfigError
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.local import paths
from inbox_tui.local.journal import Journal
from inbox_tui.local.keymap import keymap
from inbox_tui.local.launch import Launch, SaveSettings
from inbox_tui.local.settings_file import save_settings
from inbox_tui.store.overview import first_list
from inbox_tui.store.protocol import Store
from inbox_tui.store.registry import Identity, open_store, utc_now
from inbox_tui.store.url import StoreUrl

_NO_SCREEN = {"", "dumb", "unknown"}
"""Values of TERM that name no terminal to draw on."""


def open_inbox(session: CommandSession, filter_name: str | None, agent_name: str | None, *, slow: bool = False) -> int:
    """Open the inbox; returns the exit code. Raises InboxError."""
    if not has_screen():
        say("The inbox needs a terminal; without one, use the commands, for example: inbox-tui list")
        return ConfigError.exit_code
    launch = _launch(
        session,
        session.url,
        session.identity,
        Journal(paths.unsent_file(), earlier=paths.earlier_unsent_folder()),
        filter=Filter(filter_name) if filter_name else Filter.ALL,
        agent_name=agent_name or "",
        is_new=session.store_is_new,
        save=partial(save_settings, session.in_force.file),
    )
    if slow:
        launch = msgspec.structs.replace(launch, settings=msgspec.structs.replace(launch.settings, slow=True))
    return _run(launch)


@command("demo")
@click.pass_context
def demo(ctx: click.Context) -> None:
    """Open a sample workspace. It needs nothing, and nothing of yours is touched."""
    import tempfile

    from inbox_tui.operations.living_sample import Workspace, live
    from inbox_tui.operations.sample import ME, load_sample

    with tempfile.TemporaryDirectory(prefix="inbox-tui-demo-") as folder:
        url = file_url(Path(folder) / "demo.db")

        async def open_as(email: str, name: str) -> Store:
            return await open_store(url, Identity(email, name, is_given=True))

        run_async(load_sample(open_as, utc_now()))
        if not has_screen():
            _print_sample(url, ME)
            return

        async def open_workspace() -> Workspace:
            return cast(Workspace, await open_store(url, Identity(ME, is_given=True)))

        launch = _launch(
            ctx.obj,
            url,
            Identity(ME, is_given=True),
            Journal(Path(folder) / "unsent.db"),
            filter=Filter.PENDING,
            is_demo=True,
            save=_forget,
            beside=partial(live, open_workspace, utc_now, Random()),
        )
        code = _run(launch)
    ctx.exit(code)


def has_screen() -> bool:
    """There is a terminal to draw on and a person to press keys."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return os.environ.get("TERM", "") not in _NO_SCREEN and all(stream.isatty() for stream in streams)


def _run(launch: Launch) -> int:
    from inbox_tui.tui.run import run_inbox

    try:
        return run_inbox(launch)
    finally:
        launch.journal.close()
        if launch.journal.problem:
            say(launch.journal.problem)


def _launch(
    session: CommandSession,
    url: StoreUrl,
    identity: Identity,
    journal: Journal,
    *,
    save: SaveSettings,
    filter: Filter = Filter.ALL,
    agent_name: str = "",
    is_demo: bool = False,
    is_new: bool = False,
    beside: Callable[[], Awaitable[None]] | None = None,
) -> Launch:
    in_force = session.in_force
    keys = keymap(in_force.settings.keys, in_force.file)
    opening = msgspec.structs.replace(identity, first=first_list(filter))
    return Launch(
        open_store=partial(open_store, url, opening),
        settings=in_force.settings,
        keymap=keys,
        journal=journal,
        filter=filter,
        agent_name=agent_name,
        is_demo=is_demo,
        is_new=is_new,
        config_file=in_force.file,
        save_settings=save,
        version=__version__,
        say=say,
        beside=beside,
    )


def _forget(_: object) -> None:
    """A demo keeps no settings."""


def _print_sample(url: StoreUrl, me: str) -> None:
    from inbox_tui.cli.reading import LIMIT, print_list

    async def work() -> None:
        store = await open_store(url, Identity(me, is_given=True))
        try:
            await print_list(store, Query(), LIMIT)
        finally:
            await store.aclose()

    run_async(work())
    say("This is the sample. To work in it, run 'inbox-tui demo' in a terminal.")
