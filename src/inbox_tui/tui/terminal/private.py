"""Every private part of Textual that the program touches, each with the reason.

Textual is pinned to one version. To raise the pin, compare what stands here with the new version, mend this file, and
run the tests. Nothing else in the program uses a name that Textual keeps to itself, and a test holds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import Key
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.widgets import TextArea

__all__ = ["CompositorUpdate"]

Piece = tuple[int, int, Strip]
"""Column, line, and the strip that begins there."""


# textual.app


class PrivateApp(App[None]):
    """The application, with public names for what Textual's has and does not publish."""

    @property
    def driver(self) -> Driver | None:
        """Reads and writes the terminal. Textual publishes no way to reach a driver of one's own."""
        return self._driver

    @property
    def failure(self) -> Exception | None:
        """The bug that ended the program. Textual prints it, with the values of variables."""
        return self._exception

    @property
    def paints_itself(self) -> bool:
        """Whether ``paint`` is to be called. Not where a test, say, runs the application without a terminal."""
        return False

    def paint(self, screen: Screen[Any], update: CompositorUpdate) -> None:
        """Bring what was painted to the terminal."""
        raise NotImplementedError

    def paint_all(self) -> None:
        """Paint the whole screen at once, and what shows around a dialog.

        ``Screen.refresh`` would paint later, and leave out the screens behind a dialog.
        """
        update = self.screen._compositor.render_update(full=True, screen_stack=self._background_screens)
        self._display(self.screen, update)

    def write_frame(self, frame: str) -> None:
        """Write to the terminal between the marks of synchronized output, where the terminal knows them."""
        if self._driver is not None:
            self._begin_update()
            self._driver.write(frame)
            self._end_update()

    def fail(self, error: Exception) -> None:
        """End because of a bug in another thread. Textual has no public entry for that."""
        self._handle_exception(error)

    async def run_binding(self, key: str) -> bool:
        """Run what a key is bound to; False if it is bound to nothing.

        Textual does this only after the key has bubbled up through the widgets, by when the next one has come.
        """
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        # Textual sends all that was painted, changed or not, and blocks where a slow line does not take it.
        if not self.paints_itself or not isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            super()._display(screen, renderable)
        elif not self._batch_count and self._running and not self._closed:
            self.paint(screen, renderable)

    def _fatal_error(self) -> None:
        # Textual prints a traceback with the values of variables, visitors' texts among them. Whoever started the
        # application reports the failure.
        self._close_messages_no_wait()

    def _set_pointer_shape(self, shape: str) -> None:
        # Textual sends a sequence with each move between widgets: bytes that nobody needs, and old terminals print.
        pass


# textual.dom


def own_bindings(node: DOMNode) -> BindingsMap:
    """A node's own bindings with the keys in force. Textual publishes only those that are active now."""
    bindings = node._bindings.copy()
    bindings.apply_keymap(node.app._keymap)
    return bindings


# textual._compositor


def pieces_of(update: CompositorUpdate) -> Iterator[Piece]:
    """All that an update holds. Textual publishes updates only as bytes for a terminal."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, begin, end in update.spans:
            for stop, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if piece and x <= end and stop > begin:  # there is none where nothing was painted
                    yield x, y, piece if stop <= end else piece.crop(0, end - x)


def render_only_changes(screen: Screen[Any]) -> None:
    """Make a screen render no more than it paints. Textual has no public way to choose a compositor."""
    screen._compositor = _ChangesCompositor()


class _ChangesCompositor(Compositor):
    """Renders the lines that changed, of the widgets that are seen there.

    Textual's own renders every line of every widget that touches the rectangle around all changes, those behind
    others included; a key that changes the list and the pane renders everything between them.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        """The changed parts of lines."""
        regions = self._dirty_regions.copy()
        self._dirty_regions.clear()
        height = self.size.height
        spans = [span for span in self._regions_to_spans(regions) if 0 <= span[0] < height]
        return ChopsUpdate(self._chops(spans), spans, [cuts[1:] for cuts in self.cuts]) if spans else None

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """The whole screen."""
        if simplify:  # for a picture of it
            return super().render_full_update(simplify=True)
        self._dirty_regions.clear()
        width, height = self.size
        chops = self._chops([(y, 0, width) for y in range(height)])
        return LayoutUpdate(
            [[strip for strip in line.values() if strip is not None] for line in chops], self.size.region
        )

    def _chops(self, spans: list[tuple[int, int, int]]) -> list[dict[int, Strip | None]]:
        """For each line, the columns where pieces begin, and what was rendered of the pieces that the spans touch."""
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [{} for _ in cuts]
        missing: dict[int, set[int]] = {}
        for y, begin, end in spans:
            chops[y] = dict.fromkeys(cuts[y][:-1])
            changed = {start for start, stop in pairwise(cuts[y]) if start < end and stop > begin}
            missing.setdefault(y, set()).update(changed)
        for y, x, strip in self._rendered(missing):
            chops[y][x] = strip
        return chops

    def _rendered(self, missing: dict[int, set[int]]) -> Iterator[tuple[int, int, Strip]]:
        """Line, column and content of each piece that is missing, from the foremost widget that has it.

        Args:
            missing: For each line, from the top, the columns where pieces begin. Emptied.
        """
        for widget, (region, clip) in self.visible_widgets.items():  # from front to back
            if not missing:
                return
            shown = region.intersection(clip)
            columns = range(shown.x, shown.right)
            lines = [y for y in missing if shown.y <= y < shown.bottom and any(x in columns for x in missing[y])]
            if not lines:
                continue
            first = lines[0]
            crop = Region(shown.x - region.x, first - region.y, shown.width, lines[-1] + 1 - first)
            strips = widget.render_lines(crop)
            for y in lines:
                if y - first >= len(strips):
                    break
                own_cuts = [cut for cut in self.cuts[y] if shown.x <= cut <= shown.right]
                pieces = strips[y - first].divide([cut - shown.x for cut in own_cuts[1:]])
                for x, piece in zip(own_cuts, pieces, strict=False):
                    if x in missing[y]:
                        missing[y].remove(x)
                        yield y, x, piece
                if not missing[y]:
                    del missing[y]


# textual.widget


def start_scroll_bar(widget: Widget, bar: ScrollBar) -> None:
    """Give a widget a vertical scroll bar of another class. Textual makes its own, and offers no way to choose."""
    widget._vertical_scrollbar = bar
    bar.display = False
    widget.app._start_widget(widget, bar)


# textual._xterm_parser, textual._ansi_sequences, textual._keyboard_protocol


class KeyParser:
    """What Textual knows of key sequences. It publishes only a driver that reads them from a terminal itself."""

    def __init__(self) -> None:
        # Here, because nothing is typed before the first screen is painted.
        from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
        from textual._keyboard_protocol import FUNCTIONAL_KEYS, MODIFIER_FUNCTIONAL_KEYS
        from textual._xterm_parser import XTermParser

        self._parser = XTermParser()
        self._sequences = ANSI_SEQUENCES_KEYS
        self._functional = FUNCTIONAL_KEYS
        self._modifiers = MODIFIER_FUNCTIONAL_KEYS

    def knows(self, sequence: str) -> bool:
        """Whether this is the sequence of a key, as terminals have sent it of old."""
        return sequence in self._sequences

    def is_functional(self, code: str) -> bool:
        """Whether kitty's protocol names a key by this code, such as ``1A``."""
        return code in self._functional

    def is_modifier(self, name: str) -> bool:
        """Whether this is a key such as Shift, pressed by itself."""
        return name in self._modifiers

    def keys(self, sequence: str, *, alt: bool = False) -> Iterable[Key]:
        """The keys of a sequence."""
        return self._parser._sequence_to_key_events(sequence, alt=alt)

    def mouse(self, sequence: str) -> Message | None:
        """What the mouse did, or None."""
        return self._parser.parse_mouse_code(sequence)


# textual.widgets.TextArea


class CursorStaysInText:
    """Goes before ``TextArea``: keeps the cursor on a line that exists.

    Where undoing takes lines from under the cursor, Textual fails if the scroll bar goes with them.
    """

    def _refresh_size(self: TextArea) -> None:  # type: ignore[misc]  # what it goes before
        inside = self.clamp_visitable(self.cursor_location)
        if inside != self.cursor_location:
            kind = type(self)
            self.set_reactive(kind.selection, type(self.selection).cursor(inside))
        super()._refresh_size()  # type: ignore[misc]
