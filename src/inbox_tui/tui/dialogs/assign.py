"""Who gets the conversation: a picker that hangs from the Assign button.

Nobody stands first, the member second, then who got something last, then everybody else
who may chat.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region

from inbox_tui.domain.models import Member, MemberId
from inbox_tui.domain.text import clean, clean_name
from inbox_tui.tui.dialogs.picker import Picker, Row
from inbox_tui.tui.presenters.badges import NOBODY, badge_segment

EMAIL_LIMIT = 254


class AssignChoice(msgspec.Struct, frozen=True):
    """Who gets it; None means nobody."""

    member: Member | None


class AssignDialog(Picker[AssignChoice]):
    """Word beginnings of names find a member, then those of addresses; the mail domain, which all share, finds none."""

    def __init__(
        self,
        members: Sequence[Member],
        me: Member,
        holders: Collection[MemberId | None],
        *,
        recent: Sequence[MemberId] = (),
        anchor: Region | None = None,
    ) -> None:
        """``holders``: who has each of the conversations now. ``recent``: who was chosen before, last first."""
        others = [member for member in members if member.may_chat and member.id != me.id]
        others.sort(key=lambda member: recent.index(member.id) if member.id in recent else len(recent))
        mine = [me] if me.may_chat else []
        has_all = next(iter(holders)) if len(set(holders)) == 1 else ""
        super().__init__(
            f"Assign {len(holders):,} to" if len(holders) > 1 else "Assign to",
            [_row(member, me, has_all) for member in (None, *mine, *others)],
            placeholder="type a name",
            begin_at=1 if mine and has_all != me.id else 0,
            anchor=anchor,
        )


def _row(member: Member | None, me: Member, has_all: MemberId | str | None) -> Row[AssignChoice]:
    mark = ("✓ ", "bold $success") if (member.id if member else None) == has_all else ("  ", "")
    if member is None:
        prompt = Content.assemble(mark, (NOBODY, "bold"), "   Unassigned")
        return Row(AssignChoice(None), prompt, "Unassigned Nobody")
    is_me = member.id == me.id
    badge = badge_segment(member)
    space = " " * max(1, 5 - cell_len(badge[0]))
    name = f"You · {clean_name(member.label)}" if is_me else clean_name(member.label)
    email = f"  {clean(member.email, limit=EMAIL_LIMIT)}" if member.name else ""
    prompt = Content.assemble(mark, badge, space, name, (email, "$inbox-muted"))
    return Row(
        AssignChoice(member),
        prompt,
        f"You {member.name}" if is_me else member.name,
        member.email.rpartition("@")[0] or member.email,
    )
