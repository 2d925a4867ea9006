"""``export``: CSV of everything a filter matches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from inbox_tui.cli.damage import Damaged, NotingScan
from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.counts import counted
from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.filters import Filter, Query
from inbox_tui.domain.words import NO_WORDS, has_words
from inbox_tui.operations.exporting import export_to_file, export_to_stream
from inbox_tui.operations.formulas import DELIMITERS
from inbox_tui.operations.naming import agent_named
from inbox_tui.store.protocol import Scan


def _delimiter(ctx: click.Context, option: click.Parameter, value: str) -> str:
    """The delimiter itself, also for the words that stand for a tab. Raises BadParameter."""
    meant = "\t" if value in ("tab", "\\t") else value
    if meant not in DELIMITERS:
        raise click.BadParameter(f"{value!r} is not one of ',', ';', '|' and 'tab'.", ctx, option)
    return meant


@command("export")
@click.option(
    "--filter",
    "filter_name",
    type=click.Choice([filter.value for filter in Filter]),
    default="all",
    help="Filter to list.",
)
@click.option("--search", default="", metavar="WORDS", help="Only those in which all words occur.")
@click.option("--agent", "agent_name", metavar="NAME", help="Only this agent's.")
@click.option("-o", "--output", default="-", metavar="FILE", help='Where to; "-" is standard output.')
@click.option("--raw", is_flag=True, help="Leave cells that a spreadsheet would run as formulas as they are.")
@click.option(
    "--delimiter",
    callback=_delimiter,
    default=",",
    show_default=True,
    metavar="C",
    help='Between cells: "," or ";" or "|" or "tab".',
)
@click.option("--bom", is_flag=True, help="Begin with a byte order mark, for old spreadsheets.")
@click.pass_obj
def export(
    session: CommandSession,
    *,
    filter_name: str,
    search: str,
    agent_name: str | None,
    output: str,
    raw: bool,
    delimiter: str,
    bom: bool,
) -> None:
    """Write conversations as CSV; row count on stderr."""

    damaged = Damaged()

    async def work() -> int:
        async with session.store(must_exist=True) as store:
            if not isinstance(store, Scan) or not store.capabilities.scan:
                raise Unsupported("This store cannot be exported.")
            agent = (await agent_named(store, agent_name)).id if agent_name else None
            query = Query(Filter(filter_name), agent, search)
            scan = NotingScan(store, damaged)
            with _progress(to_terminal=output == "-" and sys.stdout.isatty()) as progress:
                to = partial(export_to_stream, scan, query, sys.stdout.buffer)
                if output != "-":
                    to = partial(export_to_file, scan, query, Path(output))
                count = await to(raw=raw, bom=bom, delimiter=delimiter, progress=progress)
            if not store.capabilities.snapshot:
                say("This store cannot show one moment: each conversation is as it was when it was read.")
            return count

    rows = run_async(work())
    say(f"{counted(rows, 'conversation')} exported.")
    if search.strip() and not has_words(search):
        say(NO_WORDS)
    damaged.tell()


@contextmanager
def _progress(*, to_terminal: bool) -> Iterator[Callable[[int], None] | None]:
    """A running count on stderr while a person looks at it and the rows go elsewhere."""
    if to_terminal or not sys.stderr.isatty():
        yield None
        return

    def show(rows: int) -> None:
        click.echo(f"\r{counted(rows, 'conversation')}", nl=False, err=True)

    try:
        yield show
    finally:
        click.echo(f"\r{' ' * 40}\r", nl=False, err=True)
