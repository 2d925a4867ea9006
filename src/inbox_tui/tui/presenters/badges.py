"""Badges as text and style: ``(DO)`` in the member's colour.

Shared by everything that shows who has a conversation or wrote a message. Styles name
the theme's tokens (``$badge-blue``), so that the theme decides what a colour is; the
letters tell members apart where there are no colours.
"""

from __future__ import annotations

from inbox_tui.domain.models import Member
from inbox_tui.domain.rules import badge_for
from inbox_tui.domain.text import clean_name

NOBODY = "＋"
"""Stands where the badge would be while nobody has the conversation. Two columns wide."""


def badge_text(member: Member) -> str:
    """The member's letters in brackets, fit to be shown; one without a badge has that of their label."""
    badge = member.badge or badge_for(member.label)
    return f"({clean_name(badge.initials) or '?'})"


def badge_style(member: Member) -> str:
    """The style of the badge, as text that Textual's content and stylesheets understand."""
    badge = member.badge or badge_for(member.label)
    return f"bold $badge-{badge.color}"


def badge_segment(member: Member) -> tuple[str, str]:
    """Text and style together, as ``Content.assemble`` takes them."""
    return badge_text(member), badge_style(member)
