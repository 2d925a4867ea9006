"""``migrate``, ``backup`` and ``copy``: what the keeper of a store does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say
from inbox_tui.cli.session import CommandSession, file_url, run_async
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import ConfigError, Unsupported
from inbox_tui.domain.filters import Filter
from inbox_tui.store.protocol import Store, Upkeep

if TYPE_CHECKING:
    from inbox_tui.operations.copying import Copied, CopyProgress


@command("migrate")
@click.option("--reindex", is_flag=True, help="Rebuild the search index; nobody can write meanwhile. By an admin.")
@click.pass_obj
def migrate(session: CommandSession, *, reindex: bool) -> None:
    """Make the store's tables, or bring them up to date, and repair damaged rows.

    Opening a store does this by itself wherever it may; run it when only you may.
    """

    async def work() -> None:
        async with session.store() as store:
            upkeep = _upkeep(store)
            found, now = upkeep.schema.found, upkeep.schema.now
            repaired = await upkeep.repair() if await upkeep.damaged(1) else 0
            if repaired:
                say(f"{store.name}: {counted(repaired, 'damaged row was', 'damaged rows were')} repaired.")
            elif found == now and not reindex:
                say(f"{store.name}: schema {now}, nothing to do.")
            if found == 0:
                say(f"{store.name}: made, schema {now}. {(await store.me()).email} is its first member.")
            elif found < now:
                say(f"{store.name}: schema {found} brought to {now}.")
            if reindex:
                await upkeep.reindex()
                say(f"{store.name}: the search index was rebuilt.")

    run_async(work())


@command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def backup(session: CommandSession, file: Path) -> None:
    """Copy the store into FILE while others go on writing."""

    if str(file) == "-":
        raise ConfigError("A backup needs a file: it is not written from start to end.", hint="Name one.")
    copy = file_url(file)

    async def work() -> int:
        from inbox_tui.store.registry import open_store

        async with session.store(must_exist=True) as store:
            with _bar() as show:
                await _upkeep(store).back_up(
                    file.absolute(), None if show is None else lambda part: show("backup", part)
                )
            me = await store.me()
        backup = await open_store(copy, session.identity_at(copy, email=me.email, may_create=False))
        try:
            return (await backup.counts()).of(Filter.ALL) or 0
        finally:
            await backup.aclose()

    count = run_async(work())
    size = file.stat().st_size / 1e6
    say(
        f"{counted(count, 'conversation is', 'conversations are')} in {file}, {size:,.1f} MB."
        f" To use it: --store {copy.text}"
    )


@command("copy")
@click.option("--from", "source", required=True, metavar="URL", help="The store to copy.")
@click.option("--to", "target", required=True, metavar="URL", help="The store to copy into; made if it can be.")
@click.pass_obj
def copy(session: CommandSession, source: str, target: str) -> None:
    """Copy a whole workspace from one store into another, and check that it has arrived.

    By an admin. Broken off, run it again: what has arrived is passed over. Nobody should
    write to either meanwhile; a target in which anything was written since is refused.
    Tokens are not copied.
    """

    async def work() -> Copied:
        from inbox_tui.local import paths
        from inbox_tui.local.copies import CopyJournal
        from inbox_tui.operations.copying import Copy, require_source, require_target
        from inbox_tui.store.registry import open_store
        from inbox_tui.store.url import StoreUrl

        urls = StoreUrl.parse(source), StoreUrl.parse(target)
        if urls[0] == urls[1]:
            raise ConfigError("A store cannot be copied into itself.", hint="Name another after --to.")
        given = await open_store(urls[0], session.identity_at(urls[0], may_create=False))
        try:
            whole, me = await require_source(given), await given.me()
            into = await open_store(urls[1], session.identity_at(urls[1], email=me.email, name=me.name))
            try:
                with _bar() as show:
                    on_progress = None if show is None else _told_to(show)
                    journal = CopyJournal(paths.copies_folder(), given.name, into.name)
                    return await Copy(whole, require_target(into), journal, on_progress).run()
            finally:
                await into.aclose()
        finally:
            await given.aclose()

    copied = run_async(work())
    say(
        f"{counted(copied.conversations, 'conversation')} with {counted(copied.messages, 'message')}"
        f" and {counted(copied.members, 'member')} are the same in both stores;"
        f" {counted(copied.written, 'was', 'were')} written. Checksum {copied.checksum}"
    )
    if copied.without_profile:
        say(f"These members must set name and avatar again: {', '.join(copied.without_profile)}.")


def _upkeep(store: Store) -> Upkeep:
    if not isinstance(store, Upkeep) or not store.capabilities.upkeep:
        raise Unsupported(
            f"{store.name} cannot be maintained from here.", hint="Ask whoever runs it, or name the store itself."
        )
    return store


def _told_to(show: Callable[[str, float], None]) -> Callable[[CopyProgress], None]:
    return lambda progress: show(progress.step, progress.done / max(1, progress.total))


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None] | None]:
    """A bar on stderr while a person looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, part: bar.update(task, description=step, completed=part)
