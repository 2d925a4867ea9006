"""The member's settings: theme, auto-assign, display name, avatar and photo.

Returns what is to be; saving it is the caller's, and a changed profile is saved at once. A photo file is read here
only to show it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from inbox_tui.domain.models import Member
from inbox_tui.domain.team import PHOTO_LIMIT
from inbox_tui.domain.text import clean_line, clean_name
from inbox_tui.tui.dialogs.base import Choice, FormDialog, TextField, field
from inbox_tui.tui.dialogs.profile import Profile, ProfileDialog
from inbox_tui.tui.presenters.badges import badge_segment
from inbox_tui.tui.themes import THEMES

_SWITCH = ("on", "off")
AFTER_SEND = ("list", "next", "stay")
"""The values of the setting ``after_send``."""
_PHOTO_SIDE = 16
"""Columns of a photo on screen; half as many lines."""
_PIXEL_LIMIT = 25_000_000
"""Pixels above which a picture is not unpacked: a small file can hold a huge one."""


class Unchanged(Enum):
    """Says that a value stays, where None already means that it is removed."""

    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class SettingsView:
    """The settings in force, and whose they are."""

    theme: str
    auto_assign: bool
    after_send: str
    config_path: str
    store_name: str
    member: Member


class SettingsResult(msgspec.Struct, frozen=True):
    """The settings as they are to be."""

    theme: str
    auto_assign: bool
    after_send: str
    photo: Path | Unchanged | None = Unchanged.UNCHANGED
    """A new photo's file; None: no photo any more."""


class OneOf(Widget, can_focus=True):
    """One line of words of which one is chosen, by left, right and space, or by a click."""

    DEFAULT_CSS = """
    OneOf { width: 1fr; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Previous", id="dialog.previous-value", show=False),
        Binding("right,space", "move(1)", "Next", id="dialog.next-value", show=False),
    ]

    index: reactive[int] = reactive(0)
    """Which of the words is chosen."""

    def __init__(self, words: tuple[str, ...], chosen: str, *, id: str) -> None:
        super().__init__(id=id)
        self._words = words
        self.set_reactive(OneOf.index, words.index(chosen) if chosen in words else 0)

    @property
    def value(self) -> str:
        """The chosen word."""
        return self._words[self.index]

    def render(self) -> Content:
        """Each word with its mark."""
        return Content(" ".join(self._marked()))

    def action_move(self, steps: int) -> None:
        """Choose the next word, around the end."""
        self.index = (self.index + steps) % len(self._words)

    def on_click(self, event: events.Click) -> None:
        """Choose the word under the mouse."""
        event.stop()
        end = 0
        for index, word in enumerate(self._marked()):
            end += len(word) + 1
            if event.x < end:
                self.index = index
                break

    def _marked(self) -> list[str]:
        chosen = self.value
        full = [f"({'•' if word == chosen else ' '}) {word} " for word in self._words]
        if sum(map(len, full)) + len(full) - 2 <= self.size.width:
            return full
        return [f"({word})" if word == chosen else f" {word} " for word in self._words]


class SettingsDialog(FormDialog[SettingsResult]):
    """Shows the settings and returns them changed. None: nothing is to change.

    Args:
        current: The settings in force.
        photos: The store keeps photos.
        photo: The member's photo, if there is one.
        save_profile: Saves a changed profile; returns in words why it was not saved, or "".
    """

    heading = "Settings"

    def __init__(
        self,
        current: SettingsView,
        photos: bool = False,
        photo: bytes | None = None,
        save_profile: Callable[[Profile], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._current = current
        self._photos = photos
        self._photo = photo
        self._save_profile = save_profile
        self._is_photo_removed = False
        self._profile: Profile | None = None

    def compose_body(self) -> ComposeResult:
        """The settings, one a line; below, where they come from."""
        current = self._current
        yield field("Theme", OneOf(tuple(THEMES), current.theme, id="theme"))
        chosen = _SWITCH[0 if current.auto_assign else 1]
        yield field("Auto-assign", OneOf(_SWITCH, chosen, id="auto-assign"))
        yield Static("Replying to a waiting visitor assigns the conversation to you.", classes="muted", markup=False)
        with Horizontal(classes="field"):
            yield Static("Profile", classes="label", markup=False)
            yield Static(self._profile_line(), id="profile", classes="value")
            yield Choice("", "Change…", "profile", id="change-profile")
        yield field("After send", OneOf(AFTER_SEND, current.after_send, id="after-send"))
        yield Static("To the list, to the next conversation, or stay in the box.", classes="muted", markup=False)
        if self._photos:
            yield field("Photo file", TextField(id="photo", placeholder="PNG or JPEG, at most 1 MB"))
            if self._photo is not None:
                yield Choice("", "Remove the photo", "remove_photo", id="remove-photo")
            yield Static(id="picture", markup=False)
        yield Static(Content(f"Store   {clean_line(current.store_name)}"), classes="muted")
        yield Static(Content(f"Config  {clean_line(current.config_path)}"), classes="muted")

    def choices(self) -> Iterable[Choice]:
        """Save them, or not."""
        return (Choice("Enter", "Save", "accept"), Choice("Esc", "Cancel", "cancel"))

    def on_mount(self) -> None:
        """Show the photo that is kept."""
        super().on_mount()
        if self._photos:
            self._draw(self._photo)

    @on(Input.Changed, "#photo")
    def preview_photo(self, event: Input.Changed) -> None:
        """Show the picture as soon as the words name one."""
        event.stop()
        self.complain("")
        self._draw(_photo_path(event.value) or self._kept_photo())

    def action_profile(self) -> None:
        """Let name and avatar be changed."""
        member = self._current.member
        name = self._profile.name if self._profile else member.name
        badge = self._profile.badge if self._profile else member.badge
        self.app.push_screen(ProfileDialog(name, badge), self._take_profile)

    def action_remove_photo(self) -> None:
        """Have no photo any more."""
        self._is_photo_removed = True
        self.query_one("#remove-photo").display = False
        self.query_one("#photo").focus()
        self._draw(_photo_path(self.query_one("#photo", TextField).value))

    async def action_accept(self) -> None:
        """Give the settings back, if the photo can be one."""
        photo: Path | Unchanged | None = None if self._is_photo_removed else Unchanged.UNCHANGED
        text = self.query_one("#photo", TextField).value.strip() if self._photos else ""
        if text:
            photo = _photo_path(text)
            if photo is None:
                self.complain(f"There is no file {text} of at most {PHOTO_LIMIT // 1_000_000} MB.")
                self.query_one("#photo").focus()
                return
        theme = self.query_one("#theme", OneOf).value
        auto_assign = self.query_one("#auto-assign", OneOf).value == _SWITCH[0]
        self.close(SettingsResult(theme, auto_assign, self.query_one("#after-send", OneOf).value, photo))

    async def _take_profile(self, profile: Profile | None) -> None:
        if profile is None or self._save_profile is None:
            return
        problem = await self._save_profile(profile)
        self.complain(problem)
        if not problem:
            self._profile = profile
            self.query_one("#profile", Static).update(Content.assemble(self._profile_line(), " · saved"))

    def _profile_line(self) -> Content:
        member = self._current.member
        badge = self._profile.badge if self._profile else member.badge
        name = self._profile.name if self._profile else member.name
        shown = msgspec.structs.replace(member, name=name, badge=badge)
        return Content.assemble(badge_segment(shown), " ", clean_name(name) or "no display name yet")

    def _kept_photo(self) -> bytes | None:
        return None if self._is_photo_removed else self._photo

    @work(exclusive=True, group="picture")
    async def _draw(self, source: Path | bytes | None) -> None:
        picture = await asyncio.to_thread(_picture, source) if source is not None else Content("")
        self.query_one("#picture", Static).update(picture)


def half_blocks(photo: bytes, side: int = _PHOTO_SIDE) -> Content:
    """A picture in half blocks: ``side`` columns, half as many lines.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: not a PNG or JPEG picture, or one too large to unpack.
    """
    import struct
    import warnings

    from PIL import Image, ImageOps
    from textual.color import Color
    from textual.style import Style

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(photo), formats=("PNG", "JPEG")) as opened:
                if opened.width * opened.height > _PIXEL_LIMIT:
                    raise ValueError("The picture is too large.")
                opened.draft("RGB", (4 * side, 4 * side))
                small = ImageOps.fit(opened.convert("RGB"), (side, side))
    except (OSError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError, Warning) as error:
        raise ValueError("This is not a PNG or JPEG picture.") from error
    pixels = small.tobytes()
    lines = []
    for y in range(0, side, 2):
        cells = []
        for x in range(side):
            upper, lower = 3 * (y * side + x), 3 * ((y + 1) * side + x)
            style = Style(foreground=Color(*pixels[upper : upper + 3]), background=Color(*pixels[lower : lower + 3]))
            cells.append(("▀", style))
        lines.append(Content.assemble(*cells))
    return Content("\n").join(lines)


def _picture(source: Path | bytes) -> Content:
    try:
        return half_blocks(source.read_bytes() if isinstance(source, Path) else source)
    except ImportError:
        return Content("install the extra `photos` to see it here")
    except OSError as error:
        return Content(f"cannot be read: {error.strerror}")
    except ValueError as error:
        return Content(str(error))


def _photo_path(text: str) -> Path | None:
    """The file that is meant, if there is one of a size that a store takes."""
    try:
        path = Path(text.strip()).expanduser()
        return path if path.is_file() and path.stat().st_size <= PHOTO_LIMIT else None
    except (OSError, RuntimeError):
        return None
