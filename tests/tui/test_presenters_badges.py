"""Badges as text and style."""

from inbox_tui.domain.models import Badge, Color, Member, MemberId
from inbox_tui.tui.presenters.badges import badge_segment, badge_style, badge_text
from inbox_tui.tui.themes import THEMES


def member(badge: Badge | None = None, name: str = "Dana Ortiz") -> Member:
    return Member(MemberId("m-1"), "dana@acme.example", name, badge)


def test_a_badge_is_its_letters_in_its_colour() -> None:
    assert badge_segment(member(Badge("DO", Color.TEAL))) == ("(DO)", "bold $badge-teal")


def test_without_a_badge_the_name_or_address_suggests_one() -> None:
    assert badge_text(member()) == "(DO)"
    assert badge_text(member(name="")) == "(DE)"
    assert badge_style(member()) == badge_style(member())


def test_hostile_letters_are_made_harmless() -> None:
    assert "\x1b" not in badge_text(member(Badge("\x1bX", Color.RED)))
    assert badge_text(member(Badge("\u200b", Color.RED))) == "(?)"


def test_every_colour_has_a_token_in_every_theme() -> None:
    for theme in THEMES.values():
        for color in Color:
            token = badge_style(member(Badge("A", color))).split("$")[1]
            assert token in theme.variables
