"""``members``: who is in the team and what each may do."""

from __future__ import annotations

import click

from inbox_tui.cli.columns import Column, aligned
from inbox_tui.cli.lazy import command, global_options
from inbox_tui.cli.output import is_terminal, say, terminal_width, write_lines
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import Access, Member
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.operations.naming import member_named
from inbox_tui.store.protocol import Store, Team

_LEVELS = click.Choice([access.value for access in Access])


@click.group("members")
def members() -> None:
    """Manage the team. Access: none (sees names and times), edit (may chat), admin (may manage and import)."""


members.params += global_options(hidden=True)


@command("list")
@click.pass_obj
def list_members(session: CommandSession) -> None:
    """Print the members: e-mail address, access, display name."""

    async def work() -> None:
        async with session.store(must_exist=True) as store:
            rows = [_cells(member) for member in await store.members()]
        if is_terminal():
            columns = (Column("E-MAIL", 12, 254), Column("ACCESS", 6, 6), Column("NAME", 12, 80))
            write_lines(aligned(columns, rows, terminal_width()))
        else:
            write_lines("\t".join(row) for row in rows)

    run_async(work())


@command("add")
@click.argument("email")
@click.option("--name", default="", help="Display name; the member can change it.")
@click.option("--access", type=_LEVELS, default=Access.EDIT.value, show_default=True, help="What they may do.")
@click.pass_obj
def add(session: CommandSession, email: str, name: str, access: str) -> None:
    """Add a member (admins only)."""

    async def work() -> Member:
        async with session.store(must_exist=True) as store:
            return await _team(store).add_member(email, name, Access(access))

    added = run_async(work())
    say(f"{added.email} was added with access {added.access.value}.")


@command("access")
@click.argument("email")
@click.argument("level", type=_LEVELS)
@click.pass_obj
def access(session: CommandSession, email: str, level: str) -> None:
    """Change what a member may do (admins only). Without access they lose their conversations."""

    async def work() -> Member:
        async with session.store(must_exist=True) as store:
            team = _team(store)
            return await team.set_access((await member_named(store, email)).id, Access(level))

    changed = run_async(work())
    say(f"{changed.email} has access {changed.access.value} now.")


for _command in (list_members, add, access):
    members.add_command(_command)


def _team(store: Store) -> Team:
    if not isinstance(store, Team) or not store.capabilities.team:
        raise Unsupported("The team of this store is managed elsewhere.")
    return store


def _cells(member: Member) -> list[str]:
    return [clean_line(member.email), member.access.value, clean_name(member.name)]
