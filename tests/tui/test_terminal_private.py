"""What is rendered of changes is what Textual's own compositor renders, with less work."""

from __future__ import annotations

from random import Random

import pytest
from textual._compositor import Compositor
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from inbox_tui.tui.terminal.private import Piece, pieces_of
from inbox_tui.tui.widgets.top_bar import TopBar
from tui.workspace import Team4

SIZES = [(120, 36), (80, 24), (40, 10)]
TIMES = 40


def pieces(compositor: Compositor, own: bool, changes: set[Region]) -> list[Piece]:
    """What is painted after these parts of the screen changed; a piece without columns is none."""
    compositor._dirty_regions = set(changes)
    update = compositor.render_partial_update() if own else Compositor.render_partial_update(compositor)
    found = pieces_of(update) if update is not None else []
    return [(x, y, strip) for x, y, strip in found if strip.cell_length]


def somewhere(random: Random, screen: Screen[None]) -> Region:
    """A part of the screen: a widget, or any rectangle."""
    width, height = screen.size
    if random.random() < 0.5:
        widget = random.choice(list(screen.query("*")))
        return widget.region.intersection(screen.region)
    x, y = random.randrange(width), random.randrange(height)
    return Region(x, y, random.randint(1, width - x), random.randint(1, height - y))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_changes_are_rendered_as_textual_renders_them(team: Team4, size: tuple[int, int]) -> None:
    random = Random(size[0])
    async with team.inbox(size=size) as inbox:
        await inbox.press("j")
        screen = inbox.screen
        compositor = screen._compositor
        assert type(compositor) is not Compositor
        for _ in range(TIMES):
            parts = {somewhere(random, screen) for _ in range(random.randint(1, 3))}
            changes = {part for part in parts if part}
            assert pieces(compositor, True, changes) == pieces(compositor, False, changes)
        whole = Compositor.render_full_update(compositor)
        assert list(pieces_of(compositor.render_full_update())) == list(pieces_of(whole))


async def test_a_widget_that_did_not_change_is_not_rendered(team: Team4, monkeypatch: pytest.MonkeyPatch) -> None:
    async with team.inbox() as inbox:
        bar = inbox.screen.query_one(TopBar)
        rendered: list[Region] = []

        def render_lines(crop: Region) -> list[Strip]:
            rendered.append(crop)
            return TopBar.render_lines(bar, crop)

        monkeypatch.setattr(bar, "render_lines", render_lines)
        compositor = inbox.screen._compositor
        below = Region(0, bar.region.bottom, 10, 5)
        pieces(compositor, True, {below})
        assert not rendered
        pieces(compositor, True, {below, bar.region})
        assert [crop.size for crop in rendered] == [bar.region.size]
