"""The dialogs about the member: profile and settings."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Input

from inbox_tui.domain.models import Access, Badge, Color, Member, MemberId
from inbox_tui.domain.rules import badge_for
from inbox_tui.domain.team import PHOTO_LIMIT
from inbox_tui.tui.dialogs.profile import Profile, ProfileDialog
from inbox_tui.tui.dialogs.settings import (
    OneOf,
    SettingsDialog,
    SettingsResult,
    SettingsView,
    Unchanged,
    half_blocks,
)
from inbox_tui.tui.widgets.badge_picker import BadgePicker
from tui.dialog_host import Host

SIZES = [(120, 36), (40, 10)]
DANA = Member(MemberId("1"), "dana@acme.example", "Dana Ortiz", Badge("DO", Color.TEAL), Access.EDIT)
SETTINGS = SettingsView("dark", True, "list", "~/.config/inbox-tui/config.toml", "sqlite:///inbox.db", DANA)


def picture(kind: str = "PNG", color: str = "red", side: int = 40) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side, side), color).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("size", SIZES)
async def test_the_badge_follows_the_name(size: tuple[int, int]) -> None:
    app = Host(ProfileDialog())
    async with app.run_test(size=size) as pilot:
        await pilot.press(*"Ana", "space", *"Li")
        await pilot.pause()
        suggested = badge_for("Ana Li")
        assert "(AL)" in app.shown()
        assert suggested.color.value in app.shown()
        await pilot.press("enter")
        assert app.results == [Profile("Ana Li", suggested)]


async def test_initials_and_colour_that_were_chosen_stay() -> None:
    app = Host(ProfileDialog())
    async with app.run_test() as pilot:
        await pilot.press("A", "tab", "backspace", "Q", "tab", "left", "shift+tab", "shift+tab", *"na")
        color = app.dialog.query_one(BadgePicker).color
        await pilot.press("enter")
        assert app.results == [Profile("Ana", Badge("Q", color))]


async def test_a_profile_that_exists_is_not_suggested_over() -> None:
    app = Host(ProfileDialog("Dana", Badge("XY", Color.PINK)))
    async with app.run_test() as pilot:
        await pilot.press("space", *"Ortiz", "enter")
        assert app.results == [Profile("Dana Ortiz", Badge("XY", Color.PINK))]


async def test_colours_by_arrow_keys_go_around_and_have_names() -> None:
    app = Host(ProfileDialog("Dana", Badge("D", Color.RED)))
    async with app.run_test() as pilot:
        await pilot.press("down", "down", "left")
        await pilot.pause()
        assert "(D) pink" in app.shown()
        await pilot.press("right", "right", "enter")
        assert app.results == [Profile("Dana", Badge("D", Color.ORANGE))]


async def test_colours_by_mouse() -> None:
    app = Host(ProfileDialog("Dana", Badge("D", Color.RED)))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click(BadgePicker, offset=(3 * list(Color).index(Color.BLUE) + 1, 0))
        await pilot.pause()
        assert "(D) blue" in app.shown()


@pytest.mark.parametrize("size", SIZES)
async def test_an_incomplete_profile_is_not_accepted(size: tuple[int, int]) -> None:
    app = Host(ProfileDialog())
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "Enter the name that visitors see." in app.shown()
        await pilot.press(*"Dana", "tab", "backspace", "enter")
        await pilot.pause()
        assert app.results == []
        assert app.focused is app.dialog.query_one("#initials")
        assert "one or two letters" in app.shown()


async def test_what_is_pasted_into_a_field_is_harmless() -> None:
    app = Host(ProfileDialog("Åsa"))
    async with app.run_test() as pilot:
        app.dialog.query_one("#name", Input).insert_text_at_cursor(" \x1b[31mB\u202e")
        await pilot.press("enter")
        (profile,) = app.results
        assert isinstance(profile, Profile)
        assert profile.name == "Åsa [31mB"


async def test_every_value_is_in_sight_on_the_smallest_terminal() -> None:
    app = Host(SettingsDialog(SETTINGS))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert "After send  (list)  next   stay" in app.shown()


@pytest.mark.parametrize("size", SIZES)
async def test_settings_unchanged(size: tuple[int, int]) -> None:
    app = Host(SettingsDialog(SETTINGS))
    async with app.run_test(size=size) as pilot:
        assert "(•) dark" in app.shown()
        assert "(DO) Dana Ortiz" in app.shown()
        assert not app.dialog.query("#photo")
        await pilot.press("enter")
        assert app.results == [SettingsResult("dark", True, "list")]


@pytest.mark.parametrize("size", SIZES)
async def test_settings_by_keys(size: tuple[int, int]) -> None:
    app = Host(SettingsDialog(SETTINGS))
    async with app.run_test(size=size) as pilot:
        await pilot.press("right", "down", "space", "down", "down", "right", "enter")
        assert app.results == [SettingsResult("light", False, "next")]


async def test_settings_by_mouse() -> None:
    app = Host(SettingsDialog(SETTINGS))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.click("#theme", offset=(10, 0))
        await pilot.click("#auto-assign", offset=(1, 0))
        assert app.dialog.query_one("#theme", OneOf).value == "light"
        assert app.dialog.query_one("#auto-assign", OneOf).value == "on"


async def test_another_profile_is_saved_at_once() -> None:
    saved: list[Profile] = []

    async def save(profile: Profile) -> str:
        saved.append(profile)
        return ""

    app = Host(SettingsDialog(SETTINGS, save_profile=save))
    async with app.run_test() as pilot:
        await pilot.press("tab", "tab", "enter")
        assert isinstance(app.screen, ProfileDialog)
        await pilot.press("space", "J", "r", "enter")
        await pilot.pause()
        assert "(DO) Dana Ortiz Jr · saved" in app.shown()
        assert saved == [Profile("Dana Ortiz Jr", Badge("DO", Color.TEAL))]
        await pilot.press("escape")
        assert (app.results, len(saved)) == ([None], 1)


async def test_a_profile_that_is_refused_is_not_shown_as_saved() -> None:
    async def refuse(_: Profile) -> str:
        return "The line is down."

    app = Host(SettingsDialog(SETTINGS, save_profile=refuse))
    async with app.run_test() as pilot:
        await pilot.press("tab", "tab", "enter")
        await pilot.press("space", "J", "r", "enter")
        await pilot.pause()
        assert "The line is down." in app.shown()
        assert "Dana Ortiz Jr" not in app.shown()


async def test_settings_with_a_photo(tmp_path: Path) -> None:
    file = tmp_path / "dana.png"
    file.write_bytes(picture())
    app = Host(SettingsDialog(SETTINGS, photos=True))
    async with app.run_test() as pilot:
        assert "▀" not in app.shown()
        app.dialog.query_one("#photo", Input).value = str(file)
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "▀" * 16 in app.shown()
        await pilot.press("enter")
        assert app.results == [SettingsResult("dark", True, "list", photo=file)]


async def test_settings_without_the_photo_any_more() -> None:
    app = Host(SettingsDialog(SETTINGS, photos=True, photo=picture()))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "▀" * 16 in app.shown()
        await pilot.click("#remove-photo")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "▀" not in app.shown()
        await pilot.press("enter")
        assert app.results == [SettingsResult("dark", True, "list", photo=None)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["nothing.png", "huge.png", "~nobody-of-this-name/x.png"])
async def test_settings_refuse_a_file_that_is_no_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("huge.png").write_bytes(bytes(PHOTO_LIMIT + 1))
    app = Host(SettingsDialog(SETTINGS, photos=True))
    async with app.run_test(size=size) as pilot:
        app.dialog.query_one("#photo", Input).value = name
        await pilot.press("enter")
        await pilot.pause()
        assert "There is no file" in app.shown()
        assert app.results == []


async def test_without_pillow_the_screen_says_how_to_see_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = picture()
    monkeypatch.setitem(sys.modules, "PIL", None)
    app = Host(SettingsDialog(SETTINGS, photos=True, photo=photo))
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "install the extra `photos` to see it here" in app.shown()


def test_half_blocks_have_the_colours_of_the_picture() -> None:
    content = half_blocks(picture("JPEG", "blue"), side=4)
    assert content.plain == "▀▀▀▀\n▀▀▀▀"


@pytest.mark.parametrize("data", [b"", b"no picture", picture()[:60], picture("GIF"), picture("JPEG")[:200]])
def test_half_blocks_refuse_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a PNG or JPEG"):
        half_blocks(data)


def test_half_blocks_refuse_a_picture_too_large_to_unpack() -> None:
    file = BytesIO()
    Image.new("1", (6000, 6000)).save(file, "PNG")
    with pytest.raises(ValueError, match="too large"):
        half_blocks(file.getvalue())


def test_unchanged_is_not_removed() -> None:
    assert SettingsResult("dark", True, "list").photo is Unchanged.UNCHANGED
