"""``import``: conversations from JSON Lines, as often as one likes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import Unsupported
from inbox_tui.operations.importing import BadLine, Import, Imported, ImportProgress, ImportSource
from inbox_tui.store.protocol import Intake
from inbox_tui.store.registry import utc_now

SHOWN_BAD_LINES = 50
"""Bad lines that are named; of more only their number is told."""


@command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Take in nothing at all if any line is bad.")
@click.pass_context
def import_files(ctx: click.Context, files: tuple[str, ...], strict: bool) -> None:
    """Read conversations from JSON Lines, compressed (gzip) or not; "-" is standard input. Admins only.

    What is already known is not doubled. A bad line is reported with its number and
    the others go in.
    """
    session: CommandSession = ctx.obj
    bad = _BadLines()

    async def work() -> Imported:
        async with session.store() as store:
            if not isinstance(store, Intake) or not store.capabilities.intake:
                raise Unsupported("Conversations cannot be imported into this store.")
            with _progress_bar() as progress:
                run = Import(_sources(files), utc_now(), on_bad=bad.report, on_progress=progress)
                return await run.run(store, strict=strict)

    imported = run_async(work(), interrupt_at_once=True)
    bad.say_rest()
    say(_summary(imported, strict=strict))
    if left := imported.taken.unassigned:
        say(
            f"{counted(left, 'conversation was', 'conversations were')} left unassigned:"
            " an assignee has no chat access. Give it with: inbox-tui members access EMAIL edit"
        )
    if imported.ahead:
        say(
            f"{counted(imported.ahead, 'conversation has', 'conversations have')} times ahead of this machine's clock;"
            " they count as the time of the import."
        )
    if imported.bad_lines:
        ctx.exit(1)


class _BadLines:
    """Reports bad lines as they come, but not a million of them."""

    def __init__(self) -> None:
        self._count = 0

    def report(self, bad: BadLine) -> None:
        self._count += 1
        if self._count <= SHOWN_BAD_LINES:
            say(str(bad))

    def say_rest(self) -> None:
        if self._count > SHOWN_BAD_LINES:
            say(f"… and {counted(self._count - SHOWN_BAD_LINES, 'more bad line')}.")


def _sources(files: Sequence[str]) -> list[ImportSource]:
    return [
        ImportSource("standard input", stream=sys.stdin.buffer)  # type: ignore[arg-type]  # a BufferedReader in truth
        if name == "-"
        else ImportSource(name, Path(name))
        for name in files
    ]


def _summary(imported: Imported, *, strict: bool) -> str:
    taken = imported.taken
    bad = counted(imported.bad_lines, "bad line")
    if strict and imported.bad_lines:
        return f"Nothing was imported: {bad}."
    words = (
        f"{counted(taken.added, 'conversation')} added, {taken.extended:,} extended, {taken.unchanged:,} unchanged; "
        f"{counted(taken.messages, 'message')}"
    )
    return f"{words}; {bad} left out." if imported.bad_lines else f"{words}."


@contextmanager
def _progress_bar() -> Iterator[Callable[[ImportProgress], None] | None]:
    """A bar on stderr while a person looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task("", total=None)

        def show(progress: ImportProgress) -> None:
            bar.update(task, completed=progress.bytes_done, total=progress.bytes_total)

        yield show
