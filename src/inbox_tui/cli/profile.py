"""``profile``: one's own display name and avatar, which a reply needs, without a screen."""

from __future__ import annotations

import click

from inbox_tui.cli.lazy import command
from inbox_tui.cli.output import say, write_lines
from inbox_tui.cli.session import CommandSession, run_async
from inbox_tui.domain.errors import Unsupported
from inbox_tui.domain.models import Badge, Color, Member
from inbox_tui.domain.rules import badge_for
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.store.protocol import Store, Team


@command("profile")
@click.option("--name", help="Display name, as visitors see it.")
@click.option("--initials", help="One or two letters; from the name unless given.")
@click.option("--color", type=click.Choice([color.value for color in Color]), help="Colour of the initials.")
@click.pass_obj
def profile(session: CommandSession, name: str | None, initials: str | None, color: str | None) -> None:
    """Print your profile, or change what is given of it.

    Prints e-mail address, display name, initials and colour, between tabs. A reply
    needs a display name; initials and colour are made from it unless they are given.
    """
    changes = {"initials": initials, "color": Color(color) if color else None}

    async def work() -> Member:
        async with session.store(must_exist=True) as store:
            me = await store.me()
            if name is None and not any(changes.values()):
                return me
            return await _saved(store, me, me.name if name is None else name.strip(), changes)

    member = run_async(work())
    badge = member.badge
    cells = (member.email, member.name, badge.initials if badge else "", badge.color.value if badge else "")
    write_lines(["\t".join((clean_line(cells[0]), *map(clean_name, cells[1:])))])
    if not member.name or badge is None:
        say("A reply needs a profile: inbox-tui profile --name NAME")


async def _saved(store: Store, me: Member, name: str, changes: dict[str, str | Color | None]) -> Member:
    if not isinstance(store, Team) or not store.capabilities.team:
        raise Unsupported("Profiles of this store are managed elsewhere.")
    begins = me.badge if me.badge is not None and me.name else badge_for(name)
    given = {field: value for field, value in changes.items() if value}
    badge = Badge(**{"initials": begins.initials, "color": begins.color, **given})  # type: ignore[arg-type]
    return await store.save_profile(name, badge)
